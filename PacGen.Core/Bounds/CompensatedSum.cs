namespace PacGen.Core.Bounds;

/// <summary>A sum by Neumaier's compensation: its error does not grow with the number of terms, so sums over 10⁸ parameters keep 15 digits.</summary>
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
