using PacGen.Core.Lanes;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>
/// A function of one's own with a derivative that needs the function's input: GELU, x·Φ(x), as PyTorch's default has it.
/// </summary>
internal sealed class GradientRegistrationTests
{
    private static readonly float[] Points = [-3f, -1f, -0.25f, 0f, 0.5f, 1f, 2.5f];

    /// <summary>GELU′(x) = Φ(x) + x·φ(x), from the node's input; Φ′ = φ.</summary>
    [OneTimeSetUp]
    public void Register()
    {
        Tensor x = Tensor.Constant(new Shape(1), [1f]);
        Assert.That(
            () => Tensor.Map<Gelu>(x).Sum().Gradient(x), Throws.TypeOf<NotSupportedException>().With.Message.Contains("Gelu"));
        Gradients.Register<Gelu>((n, g) => g * (Tensor.Map<NormalCdf>(n.Inputs[0]) + (n.Inputs[0] * Density(n.Inputs[0]))));
        Gradients.Register<NormalCdf>((n, g) => g * Density(n.Inputs[0]));
    }

    /// <summary>
    /// In double: GELU = x·Φ, GELU′ = Φ + x·φ, GELU″ = (2 − x²)·φ, with Φ(1) = 0.841344746, φ(1) = 0.241970725 and so on.
    /// </summary>
    [Test]
    public void GeluHasValueGradientAndSecondGradient()
    {
        // Φ from tables of the normal distribution, to nine digits.
        double[] cdf = [0.001349898, 0.158655254, 0.401293674, 0.5, 0.691462461, 0.841344746, 0.993790335];
        Tensor x = Tensor.Constant(new Shape(Points.Length), Points);
        Tensor value = Tensor.Map<Gelu>(x);
        Tensor gradient = value.Sum().Gradient(x)[0];
        Tensor second = gradient.Sum().Gradient(x)[0];
        (float[] y, float[] first, float[] curvature) = (value.Evaluate(), gradient.Evaluate(), second.Evaluate());
        for (int i = 0; i < Points.Length; i++)
        {
            double at = Points[i], density = Math.Exp(-at * at / 2) / Math.Sqrt(2 * Math.PI);
            Assert.Multiple(() =>
            {
                Assert.That(y[i], Is.EqualTo(at * cdf[i]).Within(2e-7), $"GELU({at})");
                Assert.That(first[i], Is.EqualTo(cdf[i] + (at * density)).Within(3e-7), $"GELU′({at})");
                Assert.That(curvature[i], Is.EqualTo((2 - (at * at)) * density).Within(5e-7), $"GELU″({at})");
            });
        }
    }

    /// <summary>φ(x) = e^(−x²/2)/√(2π).</summary>
    private static Tensor Density(Tensor x) => (x.Square() * -0.5f).Exp() * (float)(1 / Math.Sqrt(2 * Math.PI));

    private readonly struct Gelu : IUnaryFunction
    {
        static T IUnaryFunction.Invoke<T>(T x) => x * NormalCdf.Of(x);
    }

    /// <summary>
    /// Φ(x) = (1 + erf(x/√2))/2, from the complement where x is negative, so that small values keep their digits.
    /// </summary>
    private readonly struct NormalCdf : IUnaryFunction
    {
        static T IUnaryFunction.Invoke<T>(T x) => Of(x);

        internal static T Of<T>(T x)
            where T : struct, ILane<T>
        {
            T erf = T.Erf(T.Abs(x) * T.Constant(0.70710678f), out T complement);
            return T.Constant(0.5f) * T.Select(T.Less(x, T.Constant(0f)), complement, T.Constant(1f) + erf);
        }
    }
}
