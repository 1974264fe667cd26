using MathNet.Numerics;
using PacGen.Core.Lanes;

namespace PacGen.Tests.Core;

internal sealed unsafe class GaussianIntegralTests
{
    // Primes, so that the sweeps over bit patterns meet every low-order pattern.
    private const uint Stride = 509, LaneStride = 40_009;

    [Test]
    public void ErfAndItsComplementAreWithinTheirBound()
    {
        Worst inside = new(), outside = new();
        for (uint bits = 0; bits <= 0x7F80_0000; bits += Stride)
        {
            float x = BitConverter.UInt32BitsToSingle(bits);
            float value = Float1.Erf(new(x), out Float1 complement).Value;
            double erf = SpecialFunctions.Erf(x), erfc = SpecialFunctions.Erfc(x);
            if (erf >= 1.2e-38)
            {
                inside.See(value, erf, x);
            }

            outside.See(complement.Value, Math.Max(erfc, SpecialFunctions.Erfc(9)), x);
        }

        Assert.That(inside.Error, Is.LessThan(4e-7), $"erf, at {inside.At:R}");
        Assert.That(outside.Error, Is.LessThan(4e-7), $"erfc, at {outside.At:R}");
    }

    [Test]
    public void InverseErfIsWithinItsBound()
    {
        Worst near = new(), far = new();

        // By p from the smallest normal number to ½, and by 1 − p from ½ down to 2⁻³²: each given exactly, the other rounded.
        for (uint bits = 0x0080_0000; bits <= 0x3F00_0000; bits += Stride)
        {
            float p = BitConverter.UInt32BitsToSingle(bits);
            near.See(Float1.InverseErf(new(p), new((float)(1 - (double)p))).Value, SpecialFunctions.ErfInv(p), p);
        }

        for (uint bits = BitConverter.SingleToUInt32Bits(1f / (1L << 32)); bits <= 0x3F00_0000; bits += 101)
        {
            float q = BitConverter.UInt32BitsToSingle(bits);
            far.See(Float1.InverseErf(new((float)(1 - (double)q)), new(q)).Value, SpecialFunctions.ErfcInv(q), q);
        }

        Assert.That(near.Error, Is.LessThan(4e-7), $"erf⁻¹(p), at p = {near.At:R}");
        Assert.That(far.Error, Is.LessThan(4e-7), $"erf⁻¹(1 − q), at q = {far.At:R}");
    }

    [Test]
    public void TheQuantilesRatioIsWithinItsBound()
    {
        Worst worst = new();
        for (int i = 0; i <= 200; i++)
        {
            float c = 0.75f * i / 200;
            for (int j = 1; j <= 200; j++)
            {
                float a = j / 200f;
                double exact = i == 0 ? 1 : SpecialFunctions.ErfInv(a * SpecialFunctions.Erf(c)) / ((double)a * c);
                worst.See(Float1.QuantileRatio(new(a), new(c)).Value, exact, c);
            }
        }

        Assert.That(worst.Error, Is.LessThan(4e-7), $"at c = {worst.At:R}");
        Assert.That(Float1.QuantileRatio(new(0.5f), new(float.NaN)).Value, Is.NaN);
    }

    [TestCase(0f, 0f, 1f)]
    [TestCase(float.PositiveInfinity, 1f, 4.13703e-37f)]
    [TestCase(float.MaxValue, 1f, 4.13703e-37f)]
    [TestCase(float.NaN, float.NaN, float.NaN)]
    public void ErfAtItsLimits(float x, float erf, float erfc)
    {
        Assert.That(Float1.Erf(new(x), out Float1 complement).Value, Is.EqualTo(erf));
        Assert.That(complement.Value, Is.EqualTo(erfc).Within(1e-3).Percent);
    }

    [Test]
    public void InverseErfAtItsLimits()
    {
        Assert.That(Float1.InverseErf(new(0), new(1)).Value, Is.Zero);
        Assert.That(Float1.InverseErf(new(float.NaN), new(0.5f)).Value, Is.NaN);
    }

    [Test]
    public void AllLanesGiveTheSameBits()
    {
        Same<Float4>();
        Same<Float8>();
        Same<Float16>();
    }

    private static void Same<T>()
        where T : struct, IMemoryLane<T>
    {
        float* x = stackalloc float[5 * T.Count];
        for (ulong bits = 0; bits <= 0x7FC0_0000; bits += LaneStride * (ulong)T.Count)
        {
            for (int i = 0; i < T.Count; i++)
            {
                x[i] = BitConverter.UInt32BitsToSingle((uint)(bits + (LaneStride * (ulong)i)));
                x[T.Count + i] = Math.Clamp(x[i], 1f / (1L << 32), 1f);
            }

            T q = T.Load(x + T.Count);
            T.Store(x + (2 * T.Count), T.Erf(T.Load(x), out T complement));
            T.Store(x + (3 * T.Count), complement);
            T.Store(x + (4 * T.Count), T.InverseErf(T.Constant(1f) - q, q));
            for (int i = 0; i < T.Count; i++)
            {
                Float1 erf = Float1.Erf(new(x[i]), out Float1 erfc), tail = new(x[T.Count + i]);
                Float1 inverse = Float1.InverseErf(new(1f - tail.Value), tail);
                Assert.That(
                    (x[(2 * T.Count) + i], x[(3 * T.Count) + i], x[(4 * T.Count) + i]),
                    Is.EqualTo((erf.Value, erfc.Value, inverse.Value)), $"{typeof(T).Name}, at {x[i]:R}");
            }
        }
    }

    private sealed class Worst
    {
        public double Error { get; private set; }

        public float At { get; private set; }

        public void See(float value, double exact, float at)
        {
            double error = Math.Abs((value / exact) - 1);
            if (!(error <= Error))
            {
                (Error, At) = (error, at);
            }
        }
    }
}
