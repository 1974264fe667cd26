using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

[TestFixture(typeof(Float1), typeof(Words1))]
[TestFixture(typeof(Float4), typeof(Words4))]
[TestFixture(typeof(Float8), typeof(Words8))]
[TestFixture(typeof(Float16), typeof(Words16))]
internal sealed unsafe class LaneTests<T, TWords>
    where T : struct, IMemoryLane<T>, ILane<T, TWords>
    where TWords : struct, IWords<TWords>
{
    private const ulong Seed = 77;

    private static readonly float[] Special =
    [
        0f, -0f, 1f, -1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, float.MinValue,
        float.Epsilon,
        -float.Epsilon, 1.17549435e-38f, 0.5f, 1.5f, 2.5f, -2.5f, 3.1f, 1e-20f, 4194303.5f,
    ];

    [Test]
    public void ArithmeticIsTheScalarOne()
    {
        Check((a, b, c) => a + b, (a, b, c) => a + b);
        Check((a, b, c) => a - b, (a, b, c) => a - b);
        Check((a, b, c) => a * b, (a, b, c) => a * b);
        Check((a, b, c) => a / b, (a, b, c) => a / b);
        Check((a, b, c) => -a, (a, b, c) => -a);
        Check(T.Fma, MathF.FusedMultiplyAdd);
        Check((a, b, c) => T.Abs(a), (a, b, c) => MathF.Abs(a));
        Check((a, b, c) => T.Sqrt(a), (a, b, c) => MathF.Sqrt(a));
        Check((a, b, c) => T.Constant(0.3f), (a, b, c) => 0.3f);
    }

    [Test]
    public void MinAndMaxAnswerWithTheSecondArgumentWhereOneIsNaN()
    {
        Check((a, b, c) => T.Min(a, b), (a, b, c) => a < b ? a : b);
        Check((a, b, c) => T.Max(a, b), (a, b, c) => a > b ? a : b);
    }

    [Test]
    public void MasksSelect()
    {
        Check((a, b, c) => T.Select(T.Less(a, b), b, c), (a, b, c) => a < b ? b : c);
        Check((a, b, c) => T.Select(T.LessOrEqual(a, b), b, c), (a, b, c) => a <= b ? b : c);
        Check((a, b, c) => T.Select(T.Equal(a, b), b, c), (a, b, c) => a == b ? b : c);
        Check((a, b, c) => T.Select(T.And(T.Less(a, b), T.Less(b, c)), b, c), (a, b, c) => a < b && b < c ? b : c);
    }

    [Test]
    public void RoundsTiesToEven()
    {
        for (float x = -5f; x <= 5f; x += 0.25f)
        {
            Assert.That(Values(T.Round(T.Constant(x))), Has.All.EqualTo(MathF.Round(x)));
        }

        Assert.That(Values(T.Round(T.Constant(4194302.5f))), Has.All.EqualTo(4194302f));
    }

    /// <summary>The eight significant bits that <see cref="Math.Round(double)"/> leaves; ties to even.</summary>
    [Test]
    public void RoundsToBFloat16()
    {
        RandomStream random = new(Seed, 3);
        foreach (float x in Special.Concat([1.00390625f, 1.01171875f, 3.3895314e38f, 3.396e38f]).Concat(Enumerable.Range(
            0, 1000).Select(_ => BitConverter.Int32BitsToSingle((int)random.NextBelow(0x7F00_0000)))))
        {
            double step = Math.ScaleB(1, Math.Max(x == 0 ? -126 : Math.ILogB(x), -126) - 7);
            double expected = float.IsFinite(x) ? (float)(Math.Round(x / step) * step) : x;
            Assert.That(Values(T.RoundToBFloat16(T.Constant(x))), Has.All.EqualTo((float)(Math.Abs(
                expected) > 3.3895313892515355e38 ? double.CopySign(double.PositiveInfinity, x) : expected)), $"{x:R}");
        }
    }

    [Test]
    public void ScaleAndSplitPutNumbersTogetherAndTakeThemApart()
    {
        for (int n = -126; n <= 127; n++)
        {
            float power = MathF.ScaleB(1f, n);
            Assert.That(Values(T.Scale(T.Constant(1.375f), T.Constant(n))), Has.All.EqualTo(1.375f * power));
            Check(1f, n);
            Check(1.3333333f, n);
            if (n < 127)
            {
                Check(0.6666667f, n + 1);
                Check(0.99999994f, n + 1);
            }
        }

        static void Check(float m, int n)
        {
            Assert.That(Values(T.Split(T.Constant(MathF.ScaleB(m, n)), out T exponent)), Has.All.EqualTo(m), $"n = {n}");
            Assert.That(Values(exponent), Has.All.EqualTo((float)n), $"m = {m:R}");
        }
    }

    [Test]
    public void AnyFindsOnePlace()
    {
        float* memory = stackalloc float[T.Count];
        for (int place = 0; place < T.Count; place++)
        {
            new Span<float>(memory, T.Count).Clear();
            Assert.That(T.Any(T.Less(T.Constant(0f), T.Load(memory))), Is.False);
            memory[place] = 1;
            Assert.That(T.Any(T.Less(T.Constant(0f), T.Load(memory))), Is.True, $"{place}");
        }
    }

    [Test]
    public void LoadAndStoreKeepTheOrder()
    {
        float* memory = stackalloc float[2 * T.Count];
        for (int i = 0; i < T.Count; i++)
        {
            memory[i] = i + 1;
        }

        T.Store(memory + T.Count, T.Load(memory));
        Assert.That(
            new ReadOnlySpan<float>(memory + T.Count, T.Count).ToArray(),
            Is.EqualTo(Enumerable.Range(1, T.Count).Select(i => (float)i)));
        Assert.That(TWords.Count, Is.EqualTo(T.Count));
    }

    [Test]
    public void WordsWrapAround()
    {
        RandomStream random = new(Seed, 1);
        for (int trial = 0; trial < 1000; trial++)
        {
            uint a = trial < 4 ? uint.MaxValue - (uint)trial : random.Next(), b = trial % 3 == 0 ? uint.MaxValue : random.Next();
            TWords x = TWords.Sequence(a), y = TWords.Constant(b);
            uint[] expectedA = [.. Enumerable.Range(0, T.Count).Select(i => a + (uint)i)];
            string message = $"a = {a}, b = {b}";
            Assert.That(Words(x), Is.EqualTo(expectedA), message);
            Assert.That(Words(x + y), Is.EqualTo(expectedA.Select(p => p + b)), message);
            Assert.That(Words(x ^ y), Is.EqualTo(expectedA.Select(p => p ^ b)), message);
            Assert.That(Words(TWords.MultiplyLow(x, y)), Is.EqualTo(expectedA.Select(p => p * b)), message);
            Assert.That(
                Words(TWords.MultiplyHigh(x, y)), Is.EqualTo(expectedA.Select(p => (uint)(((ulong)p * b) >> 32))), message);
            Assert.That(Words(TWords.ShiftRight(x, 9)), Is.EqualTo(expectedA.Select(p => p >> 9)), message);
            Assert.That(
                Values(T.FromWords(TWords.ShiftRight(x, 8))), Is.EqualTo(expectedA.Select(p => (float)(p >> 8))), message);
            Assert.That(Values(T.FromAnyWords(x)), Is.EqualTo(expectedA.Select(p => (float)(double)p)), message);
            Assert.That(Values(UniformSampler.FromHalves<T, TWords>(x)), Is.EqualTo(Values(T.FromAnyWords(x))), message);
        }
    }

    [Test]
    public void InterleaveTurnsColumnsIntoElements()
    {
        TWords a = TWords.Sequence(0), b = TWords.Sequence(100), c = TWords.Sequence(200), d = TWords.Sequence(300);
        TWords.Interleave(ref a, ref b, ref c, ref d);
        uint[] expected = [.. Enumerable.Range(0, 4 * T.Count).Select(i => (uint)((i / 4) + (100 * (i % 4))))];
        Assert.That(new[] { a, b, c, d }.SelectMany(Words), Is.EqualTo(expected));
    }

    private static void Check(Func<T, T, T, T> lane, Func<float, float, float, float> scalar)
    {
        RandomStream random = new(Seed, 0);
        float* memory = stackalloc float[3 * T.Count];
        for (int trial = 0; trial < 4000; trial++)
        {
            for (int i = 0; i < 3 * T.Count; i++)
            {
                // Special numbers and all bit patterns in turn.
                memory[i] = random.NextBelow(3) == 0 ? Special[random.NextBelow(Special.Length)]
                    : BitConverter.UInt32BitsToSingle(random.Next());
            }

            float[] result = Values(lane(T.Load(memory), T.Load(memory + T.Count), T.Load(memory + (2 * T.Count))));
            for (int i = 0; i < T.Count; i++)
            {
                float a = memory[i], b = memory[T.Count + i], c = memory[(2 * T.Count) + i], expected = scalar(a, b, c);
                if (!SameBits(result[i], expected))
                {
                    Assert.Fail($"seed {Seed}, trial {trial}: ({a:R}, {b:R}, {c:R}) gave {result[i]:R}, not {expected:R}");
                }
            }
        }
    }

    private static bool SameBits(float a, float b) =>
        BitConverter.SingleToUInt32Bits(a) == BitConverter.SingleToUInt32Bits(b) || (float.IsNaN(a) && float.IsNaN(b));

    private static float[] Values(T lane)
    {
        float[] values = new float[T.Count];
        fixed (float* p = values)
        {
            T.Store(p, lane);
        }

        return values;
    }

    private static uint[] Words(TWords words) =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<TWords, uint>(ref words), TWords.Count).ToArray();
}
