namespace PacGen.Nn;

/// <summary>What <see cref="LogitStatistics"/> gives as its value.</summary>
public sealed record LogitOptions
{
    /// <summary>Which quantity.</summary>
    public LogitQuantity Quantity { get; init; }
}
