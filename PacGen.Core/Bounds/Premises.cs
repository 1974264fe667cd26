using System.Runtime.CompilerServices;

namespace PacGen.Core.Bounds;

/// <summary>What every PAC-Bayes inequality asks of its arguments; each violation is an error that names the condition.</summary>
internal static class Premises
{
    public static void ThrowUnlessLoss(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value is >= 0 and <= 1))
        {
            throw new ArgumentOutOfRangeException(name, value,
                $"the loss must lie in [0, 1] (Theorem 1): use the 0-1 loss, or cross-entropy bounded by a smallest probability p_min ({nameof(BoundedCrossEntropy)}).");
        }
    }

    public static void ThrowUnlessKl(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value >= 0))
        {
            throw new ArgumentOutOfRangeException(name, value, "KL(posterior‖prior) must be 0 or more; a negative or NaN value means that it was computed wrongly.");
        }
    }

    public static void ThrowUnlessSampleSize(long value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value < 1)
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be 1 or more: it counts independent draws.");
        }
    }

    public static void ThrowUnlessDelta(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value is > 0 and < 1))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must lie in (0, 1): it is the probability that the bound fails; 0.05 and 0.025 are usual.");
        }
    }

    public static void ThrowUnlessPositive(double value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (!(value is > 0 and < double.PositiveInfinity))
        {
            throw new ArgumentOutOfRangeException(name, value, $"{name} must be positive and finite.");
        }
    }

    public static void ThrowUnlessAll(double loss, double kl, long n, double delta)
    {
        ThrowUnlessLoss(loss);
        ThrowUnlessKl(kl);
        ThrowUnlessSampleSize(n);
        ThrowUnlessDelta(delta);
    }
}
