using PacGen.Core.Lanes;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Each operation of a GPU thread's lane gives the bits of the CPU's, for any bits that go in.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(GpuIds))]
internal sealed class GpuFloatTests(string id) : DeviceFixture(id)
{
    private const int Count = 1 << 20;

    [Test]
    public void Add() => Compare<AddProbe>(Bits.Any, Bits.Any);

    [Test]
    public void Subtract() => Compare<SubtractProbe>(Bits.Any, Bits.Any);

    [Test]
    public void Multiply() => Compare<MultiplyProbe>(Bits.Any, Bits.Any);

    [Test]
    public void Divide() => Compare<DivideProbe>(Bits.Any, Bits.Any);

    [Test]
    public void Negate() => Compare<NegateProbe>(Bits.Any);

    [Test]
    public void Fma() => Compare<FmaProbe>(Bits.Any, Bits.Any, Bits.Any);

    [Test]
    public void FmaThatCancels() => Compare<FmaProbe>(Near(1f), Near(-1f), Near(1f));

    [Test]
    public void DivideNearby() => Compare<DivideProbe>(Near(1f), Near(3f));

    [Test]
    public void ProductsAreNeitherFusedNorRegrouped() => Compare<SumOfProducts>(Near(1f), Near(-1f), Near(1f));

    [Test]
    public void ConstantsAreNotRegrouped() => Compare<Constants>(Near(1f));

    [Test]
    public void Min() => Compare<MinProbe>(Bits.Any, Bits.Any);

    [Test]
    public void Max() => Compare<MaxProbe>(Bits.Any, Bits.Any);

    [Test]
    public void ComparisonsWithConstants() => Compare<ConstantComparisons>(Bits.Any);

    [Test]
    public void Abs() => Compare<AbsProbe>(Bits.Any);

    [Test]
    public void Sqrt() => Compare<SqrtProbe>(Bits.Any);

    [Test]
    public void Round() => Compare<RoundProbe>(In(-4.2e6f, 4.2e6f));

    [Test]
    public void RoundOfTies() =>
        Compare<RoundProbe>((count, random) => [.. Bits.Between(count, -4e6f, 4e6f, random).Select(x => MathF.Floor(x) + 0.5f)]);

    [Test]
    public void SelectByComparisons() => Compare<SelectProbe>(Bits.Any, Bits.Any, Bits.Any);

    [Test]
    public void Scale() => Compare<ScaleProbe>(
        Bits.Any, (count, random) => [.. Bits.Between(count, -126.4f, 127.4f, random).Select(x => MathF.Round(x))]);

    [Test]
    public void ExponentAndSignificand() => Compare<SplitProbe>(Normal);

    [Test]
    public void Exp() => Compare<ExpProbe>(Bits.Any);

    [Test]
    public void ExpInRange() => Compare<ExpProbe>(In(-90f, 90f));

    [Test]
    public void Log() => Compare<LogProbe>(Bits.Any);

    [Test]
    public void Tanh() => Compare<TanhProbe>(In(-12f, 12f));

    [Test]
    public void TanhOfAnything() => Compare<TanhProbe>(Bits.Any);

    [Test]
    public void Sigmoid() => Compare<SigmoidProbe>(In(-90f, 90f));

    private static float[] Normal(int count, Random random) =>
        [.. Enumerable.Range(0, count).Select(_ => BitConverter.Int32BitsToSingle(random.Next(0x0080_0000, 0x7F80_0000)))];

    private static Func<int, Random, float[]> In(float low, float high) => (count, random) =>
        Bits.Between(count, low, high, random);

    private static Func<int, Random, float[]> Near(float value) => In(value * 0.999f, value * 1.001f);

    private void Compare<TProbe>(params Func<int, Random, float[]>[] arguments)
        where TProbe : struct, IExpression
    {
        int count = Scaled(Count), seed = TestContext.CurrentContext.Random.Next();
        Random random = new(seed);
        float[][] values = [.. arguments.Select(make => make(count, random))];
        Shape[] shapes = [.. values.Select(_ => new Shape(count))];
        BroadcastPlan plan = BroadcastPlan.Create(new Shape(count), shapes);
        GpuDevice gpu = (GpuDevice)Device;
        float[] actual =
            Run(gpu, (inputs, output) => MapGpu.Create(gpu, typeof(TProbe), typeof(TProbe).Name, plan, inputs, output));
        float[] expected = Run(Device.Cpu, (inputs, output) =>
            (Launch)Activator.CreateInstance(
                typeof(MapCpu<,>).MakeGenericType(typeof(TProbe), typeof(Float1)), Device.Cpu, plan, inputs, output)!);
        Bits.AssertSame(actual, expected, $"{typeof(TProbe).Name} on {gpu.Name}, seed {seed}");

        float[] Run(Device device, Func<Region[], Region, Launch> bind)
        {
            PacGen.Kernels.DeviceBuffer[] buffers = [.. values.Select(_ => device.Allocate(count))];
            using PacGen.Kernels.DeviceBuffer output = device.Allocate(count);
            for (int i = 0; i < buffers.Length; i++)
            {
                buffers[i].Write(0, values[i]);
            }

            bind([.. buffers.Select(buffer => new Region(buffer))], new Region(output)).Run();
            float[] result = new Region(output).ToArray();
            foreach (PacGen.Kernels.DeviceBuffer buffer in buffers)
            {
                buffer.Dispose();
            }

            return result;
        }
    }

    internal readonly struct AddProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => inputs.Get0() + inputs.Get1();
    }

    internal readonly struct SubtractProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => inputs.Get0() - inputs.Get1();
    }

    internal readonly struct MultiplyProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => inputs.Get0() * inputs.Get1();
    }

    internal readonly struct DivideProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => inputs.Get0() / inputs.Get1();
    }

    internal readonly struct NegateProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => -inputs.Get0();
    }

    internal readonly struct FmaProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Fma(inputs.Get0(), inputs.Get1(), inputs.Get2());
    }

    internal readonly struct SumOfProducts : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => (inputs.Get0() * inputs.Get1()) + inputs.Get2();
    }

    internal readonly struct Constants : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) =>
            ((inputs.Get0() + T.Constant(1.1f) + T.Constant(1e-7f) + T.Constant(0f)) * T.Constant(1.1f) * T.Constant(0.3f))
            - T.Constant(0.7f) - T.Constant(1e-8f);
    }

    internal readonly struct MinProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Min(inputs.Get0(), inputs.Get1());
    }

    internal readonly struct MaxProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Max(inputs.Get0(), inputs.Get1());
    }

    internal readonly struct ConstantComparisons : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs)
        {
            T x = inputs.Get0(), zero = T.Constant(0f);
            return T.Fma(T.Min(zero, x), T.Constant(2f), T.Max(zero, x))
                + T.Select(T.Less(zero, x), T.Constant(1f), T.Max(x, zero)) + T.Select(
                    T.LessOrEqual(x, zero), T.Min(x, zero), zero);
        }
    }

    internal readonly struct AbsProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Abs(inputs.Get0());
    }

    internal readonly struct SqrtProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Sqrt(inputs.Get0());
    }

    internal readonly struct RoundProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Round(inputs.Get0());
    }

    internal readonly struct SelectProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs)
        {
            T x = inputs.Get0(), y = inputs.Get1(), z = inputs.Get2();
            T less = T.Select(T.Less(x, y), T.Constant(1f), T.Constant(2f));
            T lessOrEqual = T.Select(T.LessOrEqual(x, z), T.Constant(4f), T.Constant(8f));
            T equal = T.Select(T.Equal(x, y), T.Constant(16f), T.Constant(32f));
            T both = T.Select(T.And(T.Less(x, z), T.LessOrEqual(y, x)), T.Constant(64f), T.Constant(128f));
            return less + lessOrEqual + equal + both;
        }
    }

    internal readonly struct ScaleProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Scale(inputs.Get0(), inputs.Get1());
    }

    internal readonly struct SplitProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Split(inputs.Get0(), out T exponent) + exponent;
    }

    internal readonly struct ExpProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Exp(inputs.Get0());
    }

    internal readonly struct LogProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Log(inputs.Get0());
    }

    internal readonly struct TanhProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Tanh(inputs.Get0());
    }

    internal readonly struct SigmoidProbe : IExpression
    {
        static T IExpression.Evaluate<T, TInputs>(in TInputs inputs) => T.Sigmoid(inputs.Get0());
    }
}
