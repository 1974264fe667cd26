namespace PacGen.Plots;

/// <summary>How large a <see cref="Page"/> is drawn.</summary>
/// <param name="Pixels">Its width; null as it is laid out.</param>
/// <param name="TextScale">How much larger than usual text, marks and lines are; null for 1.</param>
internal readonly record struct PageSize(int? Pixels = null, float? TextScale = null);
