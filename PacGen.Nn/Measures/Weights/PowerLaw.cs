using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// A power law p(x) ∝ x^−α fitted to the larger of some numbers, x ≥ x_min, by maximum likelihood: α = 1 + k/Σ ln(xᵢ/x_min) over
/// the k numbers from x_min on, x_min the one of the numbers, but for the largest, that makes the Kolmogorov-Smirnov distance D
/// of law and numbers least (Clauset, Shalizi and Newman 2009, (3.1) and (3.9)).
/// </summary>
/// <param name="Alpha">α.</param>
/// <param name="Smallest">x_min.</param>
/// <param name="Distance">D.</param>
/// <param name="Tail">k, how many numbers are not below x_min.</param>
public sealed record PowerLaw(double Alpha, double Smallest, double Distance, int Tail)
{
    /// <summary>The standard error of α, (α − 1)/√k.</summary>
    public double StandardError => (Alpha - 1) / Math.Sqrt(Tail);

    /// <summary>Fits a power law.</summary>
    /// <param name="numbers">The numbers, in any order, all positive.</param>
    /// <returns>The law; null where fewer than two different numbers are given.</returns>
    /// <exception cref="ArgumentException">A number is not positive and finite.</exception>
    public static PowerLaw? Fit(IReadOnlyList<double> numbers)
    {
        ArgumentNullException.ThrowIfNull(numbers);
        if (numbers.Any(number => !(number > 0) || !double.IsFinite(number)))
        {
            throw new ArgumentException("A power law is fitted to numbers that are positive and finite.", nameof(numbers));
        }

        double[] sorted = [.. numbers.Order()];
        PowerLaw? best = null;
        double logs = sorted.Sum(Math.Log);
        for (int first = 0; first < sorted.Length - 1; first++)
        {
            double smallest = sorted[first], log = Math.Log(smallest);
            int tail = sorted.Length - first;
            double spread = logs - (tail * log);
            logs -= log;

            // Equal numbers have no spread: they fit any law.
            if (!(spread > 1e-12 * tail))
            {
                continue;
            }

            double alpha = 1 + (tail / spread), distance = 0;
            for (int i = first; i < sorted.Length; i++)
            {
                distance = Math.Max(
                    distance, Math.Abs(1 - Math.Pow(sorted[i] / smallest, 1 - alpha) - ((i - first) / (double)tail)));
            }

            if (best is null || distance < best.Distance)
            {
                best = new PowerLaw(alpha, smallest, distance, tail);
            }
        }

        return best;
    }

    /// <summary>α with its standard error, x_min and D.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"α {Alpha:G4} ± {StandardError:G2} from {Smallest:G4} on ({Tail} numbers), D {Distance:G3}");
}
