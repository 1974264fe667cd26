using System.Globalization;

namespace PacGen.Nn;

/// <summary>One start of the ascent that <see cref="KeskarSharpness"/> reports.</summary>
/// <param name="Name">Where it began: <c>0</c>, <c>random 1</c>, <c>corner 1</c>.</param>
/// <param name="StartLoss">L̂ there.</param>
/// <param name="Loss">L̂ where it ended.</param>
/// <param name="Iterations">How many gradients it took.</param>
/// <param name="AtBounds">The share of coordinates of z that ended at the box's bounds.</param>
/// <param name="Ended">Whether it ended because no step raised the loss, not because its iterations were spent.</param>
public sealed record AscentStart(string Name, double StartLoss, double Loss, int Iterations, double AtBounds, bool Ended)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"start {Name}: loss {StartLoss:G6} → {Loss:G6} after {Iterations} gradients, " +
        $"{AtBounds:P0} at the bounds{(Ended ? "" : ", not ended")}");
}
