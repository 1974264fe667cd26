namespace PacGen.Core.Bounds;

/// <summary>
/// A sum by Neumaier's compensation: its error is that of the last rounding, and N·2⁻¹⁰⁶ times the sum of the terms' absolute
/// values; sums of 10⁸ terms of one sign keep 15 digits.
/// </summary>
internal struct CompensatedSum
{
    private double sum, lost;

    /// <summary>The sum so far.</summary>
    public readonly double Value => double.IsFinite(lost) ? sum + lost : sum;

    /// <summary>Adds a term.</summary>
    public void Add(double term)
    {
        double next = sum + term;
        lost += Math.Abs(sum) >= Math.Abs(term) ? sum - next + term : term - next + sum;
        sum = next;
    }
}
