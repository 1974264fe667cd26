using PacGen.Core.Lanes;

namespace PacGen.Tests.Core;

internal sealed unsafe class ElementaryTests
{
    // A prime, so that the sweep over all bit patterns meets every low-order pattern: 4 million points a function.
    private const uint Stride = 1021;

    [Test]
    public void ExpIsWithinItsBound() => Sweep(Float16.Exp, Math.Exp, 1.01);

    [Test]
    public void LogIsWithinItsBound() => Sweep(Float16.Log, Math.Log, 0.9);

    [Test]
    public void LogOfPositiveIsLog()
    {
        for (uint bits = 0x0080_0000; bits <= 0x7FC0_0000; bits += 4093)
        {
            Float1 x = new(BitConverter.UInt32BitsToSingle(bits));
            Assert.That(Float1.LogOfPositive(x).Value, Is.EqualTo(Float1.Log(x).Value), $"{x.Value:R}");
        }
    }

    [Test]
    public void TanhIsWithinItsBound() => Sweep(Float16.Tanh, Math.Tanh, 1.4);

    [Test]
    public void SigmoidIsWithinItsBound() =>
        Sweep(Float16.Sigmoid, x => x < 0 ? Math.Exp(x) / (1 + Math.Exp(x)) : 1 / (1 + Math.Exp(-x)), 2.9);

    [TestCase(0f, 1f)]
    [TestCase(-0f, 1f)]
    [TestCase(88.72283f, 3.4027985e38f)]
    [TestCase(88.722839f, float.PositiveInfinity)]
    [TestCase(float.PositiveInfinity, float.PositiveInfinity)]
    [TestCase(float.NegativeInfinity, 0f)]
    [TestCase(-103.9f, 1e-45f)]
    [TestCase(-104f, 0f)]
    [TestCase(float.NaN, float.NaN)]
    public void ExpAtItsLimits(float x, float expected) => Assert.That(Float1.Exp(new(x)).Value, Is.EqualTo(expected));

    [TestCase(0f, float.NegativeInfinity)]
    [TestCase(-0f, float.NegativeInfinity)]
    [TestCase(1f, 0f)]
    [TestCase(float.Epsilon, -103.27893f)]
    [TestCase(-1f, float.NaN)]
    [TestCase(-float.Epsilon, float.NaN)]
    [TestCase(float.NegativeInfinity, float.NaN)]
    [TestCase(float.PositiveInfinity, float.PositiveInfinity)]
    [TestCase(float.MaxValue, 88.72284f)]
    [TestCase(float.NaN, float.NaN)]
    public void LogAtItsLimits(float x, float expected) => Assert.That(Float1.Log(new(x)).Value, Is.EqualTo(expected));

    [TestCase(float.PositiveInfinity, 1f, 1f)]
    [TestCase(float.NegativeInfinity, -1f, 0f)]
    [TestCase(float.MaxValue, 1f, 1f)]
    [TestCase(float.MinValue, -1f, 0f)]
    [TestCase(9.1f, 1f, 0.9998883f)]
    [TestCase(0f, 0f, 0.5f)]
    [TestCase(float.NaN, float.NaN, float.NaN)]
    public void TanhAndSigmoidAtTheirLimits(float x, float tanh, float sigmoid)
    {
        Assert.That(Float1.Tanh(new(x)).Value, Is.EqualTo(tanh));
        Assert.That(Float1.Sigmoid(new(x)).Value, Is.EqualTo(sigmoid));
    }

    [Test]
    public void TanhIsOdd()
    {
        for (uint bits = 0; bits < 0x7F80_0000; bits += 10007)
        {
            float x = BitConverter.UInt32BitsToSingle(bits);
            Assert.That(
                BitConverter.SingleToUInt32Bits(Float1.Tanh(new(-x)).Value),
                Is.EqualTo(BitConverter.SingleToUInt32Bits(-Float1.Tanh(new(x)).Value)));
        }
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
        float* x = stackalloc float[4 * T.Count];
        for (ulong bits = 0; bits <= uint.MaxValue; bits += 40009 * (ulong)T.Count)
        {
            for (int i = 0; i < T.Count; i++)
            {
                x[i] = BitConverter.UInt32BitsToSingle((uint)(bits + (40009 * (ulong)i)));
            }

            Same(x, T.Exp(T.Load(x)), Float1.Exp);
            Same(x, T.Log(T.Load(x)), Float1.Log);
            Same(x, T.Tanh(T.Load(x)), Float1.Tanh);
            Same(x, T.Sigmoid(T.Load(x)), Float1.Sigmoid);
        }
    }

    private static void Same<T>(float* x, T lane, Func<Float1, Float1> scalar)
        where T : struct, IMemoryLane<T>
    {
        float* values = x + T.Count;
        T.Store(values, lane);
        for (int i = 0; i < T.Count; i++)
        {
            float expected = scalar(new(x[i])).Value;
            if (BitConverter.SingleToUInt32Bits(values[i]) != BitConverter.SingleToUInt32Bits(expected)
                && !(float.IsNaN(values[i]) && float.IsNaN(expected)))
            {
                Assert.Fail($"{typeof(T).Name}, {scalar.Method.Name}({x[i]:R}): {values[i]:R}, but {expected:R} from one float");
            }
        }
    }

    private static void Sweep(Func<Float16, Float16> function, Func<double, double> exact, double bound)
    {
        float* x = stackalloc float[32];
        double worst = 0;
        float at = 0;
        for (ulong bits = 0; bits <= uint.MaxValue; bits += 16 * Stride)
        {
            for (uint i = 0; i < 16; i++)
            {
                x[i] = BitConverter.UInt32BitsToSingle((uint)bits + (Stride * i));
            }

            Float16.Store(x + 16, function(Float16.Load(x)));
            for (int i = 0; i < 16; i++)
            {
                double expected = exact(x[i]);
                float nearest = (float)expected, value = x[16 + i];
                if (!float.IsFinite(nearest) || !float.IsFinite(value))
                {
                    if (!value.Equals(nearest))
                    {
                        Assert.Fail($"at {x[i]:R}: {value:R}, not {nearest:R}");
                    }

                    continue;
                }

                double unit = Math.ScaleB(1, Math.Max(Math.Abs(expected) == 0 ? -126 : Math.ILogB(expected), -126) - 23);
                double error = Math.Abs(value - expected) / unit;
                if (error > worst)
                {
                    (worst, at) = (error, x[i]);
                }
            }
        }

        Assert.That(worst, Is.LessThanOrEqualTo(bound), $"units in the last place, at {at:R}");
    }
}
