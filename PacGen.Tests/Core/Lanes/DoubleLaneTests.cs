using PacGen.Core.Lanes;

namespace PacGen.Tests.Core;

internal sealed class DoubleLaneTests
{
    [Test]
    public void GivesTheRuntimesFunctions()
    {
        foreach (double x in new[] { -3.7, -0.2, 0.0, 0.3, 2.5, 40 })
        {
            Double1 lane = new(x), other = new(1.7);
            Assert.That(Double1.Exp(lane).Value, Is.EqualTo(Math.Exp(x)));
            Assert.That(Double1.Log(lane).Value, Is.EqualTo(Math.Log(x)));
            Assert.That(Double1.Tanh(lane).Value, Is.EqualTo(Math.Tanh(x)));
            Assert.That(Double1.Sigmoid(lane).Value, Is.EqualTo(1 / (1 + Math.Exp(-x))));
            Assert.That(Double1.Sqrt(lane).Value, Is.EqualTo(Math.Sqrt(x)));
            Assert.That(Double1.Abs(lane).Value, Is.EqualTo(Math.Abs(x)));
            Assert.That(Double1.Round(lane).Value, Is.EqualTo(Math.Round(x)));
            Assert.That(Double1.Fma(lane, other, lane).Value, Is.EqualTo(Math.FusedMultiplyAdd(x, 1.7, x)));
            Assert.That((lane + other).Value, Is.EqualTo(x + 1.7));
            Assert.That((lane - other).Value, Is.EqualTo(x - 1.7));
            Assert.That((lane * other).Value, Is.EqualTo(x * 1.7));
            Assert.That((lane / other).Value, Is.EqualTo(x / 1.7));
            Assert.That((-lane).Value, Is.EqualTo(-x));
            Assert.That(Double1.Min(lane, other).Value, Is.EqualTo(Math.Min(x, 1.7)));
            Assert.That(Double1.Max(lane, other).Value, Is.EqualTo(Math.Max(x, 1.7)));
            Assert.That(Double1.Select(Double1.Less(lane, other), lane, other).Value, Is.EqualTo(Math.Min(x, 1.7)));
            Assert.That(Double1.Select(Double1.LessOrEqual(lane, lane), lane, other).Value, Is.EqualTo(x));
            Assert.That(
                Double1.Select(Double1.And(Double1.Equal(lane, lane), Double1.Less(lane, lane)), lane, other).Value,
                Is.EqualTo(1.7));
        }

        Assert.That(Double1.Erf(new(1), out Double1 complement).Value, Is.EqualTo(0.84270079294971487).Within(1e-15));
        Assert.That(complement.Value, Is.EqualTo(0.15729920705028513).Within(1e-15));
        Assert.That(Double1.InverseErf(new(0.84270079294971487), new(0.15729920705028513)).Value, Is.EqualTo(1).Within(1e-14));
        Assert.That(Double1.InverseErf(new(0.1124629160182849), new(0.8875370839817151)).Value, Is.EqualTo(0.1).Within(1e-15));
        Assert.That(Double1.Min(new(double.NaN), new(2)).Value, Is.EqualTo(2));
        Assert.That(Double1.Split(new(12), out Double1 exponent).Value, Is.EqualTo(0.75));
        Assert.That(exponent.Value, Is.EqualTo(4));
        Assert.That(Double1.LogOfPositive(new(12)).Value, Is.EqualTo(Math.Log(12)));
        Assert.That(Double1.Any(Double1.Less(exponent, exponent)), Is.False);
        Assert.That(Double1.Scale(new(1.5), new(3)).Value, Is.EqualTo(12));
    }
}
