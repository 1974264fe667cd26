using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>The map on a GPU, closed over the expression.</summary>
internal static class MapGpu
{
    /// <summary>The most axes that a map walks after those that all inputs step through evenly are merged.</summary>
    public const int MaxAxes = 6;

    /// <summary>The most elements: fours are counted rounded up.</summary>
    private const int Most = int.MaxValue - 3;

    [UnconditionalSuppressMessage("Trimming", "IL2071", Justification = "Structs have a constructor without parameters.")]
    public static Launch Create(
        GpuDevice device, Type expression, string name, BroadcastPlan plan, Region[] inputs, Region output)
    {
        Check(device, name, plan, output.Count, inputs);
        return RuntimeFeature.IsDynamicCodeSupported
            ? (Launch)Activator.CreateInstance(typeof(MapGpu<>).MakeGenericType(expression), device, plan, inputs, output)!
            : throw NotCompiled(name);
    }

    /// <summary>The error where no kernel can be closed over an expression.</summary>
    public static NotSupportedException NotCompiled(string name) =>
        new($"{name}: a program that was compiled to native code runs on no GPU.");

    /// <summary>Throws where a map can't be walked.</summary>
    public static void Check(GpuDevice device, string name, BroadcastPlan plan, long count, Region[] inputs)
    {
        if (plan.Extents.Length > MaxAxes)
        {
            throw new NotSupportedException(
                $"{name}: the inputs' shapes stretch along more than {MaxAxes} axes that alternate, which {device.Name} can't " +
                $"walk; the CPU device can.");
        }

        if (count > Most || inputs.Any(input => input.Count > Most))
        {
            throw new NotSupportedException($"{name}: {device.Name} walks at most {Most} elements of a tensor.");
        }
    }

    /// <summary>
    /// Whether four elements lie along the innermost axis, where each input moves with the output or stands, all on 16 bytes.
    /// </summary>
    public static bool IsWide(BroadcastPlan plan, Region[] inputs, Region output)
    {
        bool wide = Packs.InFours(plan.Extents.Length == 1 ? 0 : plan.Extents[^1], output);
        for (int i = 0; i < inputs.Length; i++)
        {
            long[] steps = plan.Strides[i];
            wide &= steps[^1] == 0
                || (steps[^1] == 1 && Packs.InFours(0, inputs[i]) && steps[..^1].All(step => step % Quad.Count == 0));
        }

        return wide;
    }

    /// <summary>An input's step in elements along each axis, innermost first; 0 where it is stretched.</summary>
    internal struct Steps
    {
        public int S0, S1, S2, S3, S4, S5;

        public Steps(long[] outermostFirst)
        {
            S0 = Step(outermostFirst, 1);
            S1 = Step(outermostFirst, 2);
            S2 = Step(outermostFirst, 3);
            S3 = Step(outermostFirst, 4);
            S4 = Step(outermostFirst, 5);
            S5 = Step(outermostFirst, 6);
        }

        public readonly int Offset(in Place place) =>
            (place.I0 * S0) + (place.I1 * S1) + (place.I2 * S2) + (place.I3 * S3) + (place.I4 * S4) + (place.I5 * S5);

        private static int Step(long[] outermostFirst, int fromInnermost) =>
            fromInnermost <= outermostFirst.Length ? (int)outermostFirst[^fromInnermost] : 0;
    }

    /// <summary>An element's index along each axis, innermost first.</summary>
    internal struct Place
    {
        public int I0, I1, I2, I3, I4, I5;
    }

    /// <summary>How all inputs are walked: the extents of the inner axes, innermost first, and each input's steps.</summary>
    internal struct Walk
    {
        public int Count, Axes, E0, E1, E2, E3, E4;
        public Steps X0, X1, X2, X3, X4, X5, X6, X7;
        public QuadExtent Elements;

        public Walk(BroadcastPlan plan, int count)
        {
            Count = count;
            Elements = new QuadExtent(count);
            Axes = plan.Extents.Length;
            E0 = Extent(plan.Extents, 1);
            E1 = Extent(plan.Extents, 2);
            E2 = Extent(plan.Extents, 3);
            E3 = Extent(plan.Extents, 4);
            E4 = Extent(plan.Extents, 5);
            X0 = Of(plan, 0);
            X1 = Of(plan, 1);
            X2 = Of(plan, 2);
            X3 = Of(plan, 3);
            X4 = Of(plan, 4);
            X5 = Of(plan, 5);
            X6 = Of(plan, 6);
            X7 = Of(plan, 7);
        }

        public readonly Place At(int index)
        {
            // The deeper axes are asked for by one uniform branch each: most maps have one axis or two.
            Place place = default;
            int rest = index / E0;
            place.I0 = index - (rest * E0);
            place.I1 = rest;
            if (Axes > 2)
            {
                int next = rest / E1;
                place.I1 = rest - (next * E1);
                place.I2 = next;
                if (Axes > 3)
                {
                    int third = next / E2;
                    place.I2 = next - (third * E2);
                    int fourth = third / E3;
                    place.I3 = third - (fourth * E3);
                    int fifth = fourth / E4;
                    place.I4 = fourth - (fifth * E4);
                    place.I5 = fifth;
                }
            }

            return place;
        }

        private static int Extent(long[] outermostFirst, int fromInnermost) =>
            fromInnermost <= outermostFirst.Length ? (int)outermostFirst[^fromInnermost] : 1;

        private static Steps Of(BroadcastPlan plan, int input) => input < plan.Strides.Length ? new Steps(plan.Strides[input])
            : default;
    }
}

/// <summary>The kernels: along one axis and along several, four elements or one at a time.</summary>
internal sealed class MapGpu<TExpression> : Launch
    where TExpression : struct, IExpression
{
    private readonly Action<
        KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
        ArrayView<float>, ArrayView<float>, ArrayView<float>, MapGpu.Walk> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> x0, x1, x2, x3, x4, x5, x6, x7, y;
    private readonly MapGpu.Walk walk;

    public MapGpu(GpuDevice device, BroadcastPlan plan, Region[] inputs, Region output)
    {
        y = GpuDevice.View(output);
        x0 = 0 < inputs.Length ? GpuDevice.View(inputs[0]) : y;
        x1 = 1 < inputs.Length ? GpuDevice.View(inputs[1]) : y;
        x2 = 2 < inputs.Length ? GpuDevice.View(inputs[2]) : y;
        x3 = 3 < inputs.Length ? GpuDevice.View(inputs[3]) : y;
        x4 = 4 < inputs.Length ? GpuDevice.View(inputs[4]) : y;
        x5 = 5 < inputs.Length ? GpuDevice.View(inputs[5]) : y;
        x6 = 6 < inputs.Length ? GpuDevice.View(inputs[6]) : y;
        x7 = 7 < inputs.Length ? GpuDevice.View(inputs[7]) : y;
        walk = new MapGpu.Walk(plan, (int)output.Count);
        bool straight = plan.Extents.Length == 1, wide = MapGpu.IsWide(plan, inputs, output);
        grid = device.Grid(wide ? (output.Count + 3) / 4 : output.Count);
        Action<
            ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
            ArrayView<float>, ArrayView<float>, ArrayView<float>, MapGpu.Walk> method = (wide, straight) switch
            {
                (true, true) => Quads,
                (true, false) => StridedQuads,
                (false, true) => Straight,
                _ => Strided,
            };
        kernel = device.Load(method.Method, accelerator => accelerator.LoadStreamKernel(method));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, x0, x1, x2, x3, x4, x5, x6, x7, y, walk);

    /// <summary>
    /// One axis, four elements a thread at a time: each input moves with the output or stands, and those that move start on 16
    /// bytes.
    /// </summary>
    internal static void Quads(
        ArrayView<float> x0, ArrayView<float> x1, ArrayView<float> x2, ArrayView<float> x3, ArrayView<float> x4,
        ArrayView<float> x5, ArrayView<float> x6, ArrayView<float> x7,
        ArrayView<float> y, MapGpu.Walk walk)
    {
        QuadExtent extent = walk.Elements;
        int quads = (walk.Count + 3) / 4, stride = Grid.DimX * Group.DimX;
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            // Loads of arguments that the expression doesn't have are without use, and left out by the assembler.
            int i = 4 * quad;
            Quad q0 = Load(extent, x0, i, walk.X0), q1 = Load(extent, x1, i, walk.X1), q2 = Load(extent, x2, i, walk.X2),
                q3 = Load(extent, x3, i, walk.X3);
            Quad q4 = Load(extent, x4, i, walk.X4), q5 = Load(extent, x5, i, walk.X5), q6 = Load(extent, x6, i, walk.X6),
                q7 = Load(extent, x7, i, walk.X7);
            extent.Store(y, i, Four(q0, q1, q2, q3, q4, q5, q6, q7));
        }
    }

    /// <summary>
    /// Several axes, four elements a thread at a time along the innermost, whose length is a multiple of four: each input moves
    /// with the output there, 16 bytes at a time, or stands.
    /// </summary>
    internal static void StridedQuads(
        ArrayView<float> x0, ArrayView<float> x1, ArrayView<float> x2, ArrayView<float> x3, ArrayView<float> x4,
        ArrayView<float> x5, ArrayView<float> x6, ArrayView<float> x7,
        ArrayView<float> y, MapGpu.Walk walk)
    {
        int quads = walk.Count / 4, stride = Grid.DimX * Group.DimX;
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            int i = 4 * quad;
            MapGpu.Place place = walk.At(i);
            Quad.Store(y, i, Four(
                Load(x0, walk.X0, in place), Load(x1, walk.X1, in place), Load(x2, walk.X2, in place),
                Load(x3, walk.X3, in place), Load(x4, walk.X4, in place), Load(x5, walk.X5, in place),
                Load(x6, walk.X6, in place), Load(x7, walk.X7, in place)));
        }
    }

    /// <summary>The expression's values at four places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Quad Four(Quad q0, Quad q1, Quad q2, Quad q3, Quad q4, Quad q5, Quad q6, Quad q7)
    {
        Numbers first = new(q0.X, q1.X, q2.X, q3.X, q4.X, q5.X, q6.X, q7.X), second = new(
            q0.Y, q1.Y, q2.Y, q3.Y, q4.Y, q5.Y, q6.Y, q7.Y);
        Numbers third = new(q0.Z, q1.Z, q2.Z, q3.Z, q4.Z, q5.Z, q6.Z, q7.Z), fourth = new(
            q0.W, q1.W, q2.W, q3.W, q4.W, q5.W, q6.W, q7.W);
        return new Quad(
            TExpression.Evaluate<GpuFloat, Numbers>(in first).Value,
            TExpression.Evaluate<GpuFloat, Numbers>(in second).Value,
            TExpression.Evaluate<GpuFloat, Numbers>(in third).Value,
            TExpression.Evaluate<GpuFloat, Numbers>(in fourth).Value);
    }

    /// <summary>Four elements along the innermost axis.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Quad Load(ArrayView<float> x, MapGpu.Steps steps, in MapGpu.Place place)
    {
        int offset = steps.Offset(in place);
        Quad quad;
        if (steps.S0 != 0)
        {
            quad = Quad.Load(x, offset);
        }
        else
        {
            float value = x[offset];
            quad = new Quad(value, value, value, value);
        }

        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Load(QuadExtent extent, ArrayView<float> x, int i, MapGpu.Steps steps)
    {
        Quad quad;
        if (steps.S0 != 0)
        {
            quad = extent.Load(x, i);
        }
        else
        {
            float value = x[0];
            quad = new Quad(value, value, value, value);
        }

        return quad;
    }

    /// <summary>One axis, whatever memory's alignment is.</summary>
    internal static void Straight(
        ArrayView<float> x0, ArrayView<float> x1, ArrayView<float> x2, ArrayView<float> x3, ArrayView<float> x4,
        ArrayView<float> x5, ArrayView<float> x6, ArrayView<float> x7,
        ArrayView<float> y, MapGpu.Walk walk)
    {
        int stride = Grid.DimX * Group.DimX;
        for (long i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < walk.Count; i += stride)
        {
            At at = new(x0, x1, x2, x3, x4, x5, x6, x7,
                i * walk.X0.S0, i * walk.X1.S0, i * walk.X2.S0, i * walk.X3.S0, i * walk.X4.S0, i * walk.X5.S0, i * walk.X6.S0,
                i * walk.X7.S0);
            y[i] = TExpression.Evaluate<GpuFloat, At>(in at).Value;
        }
    }

    /// <summary>Several axes.</summary>
    internal static void Strided(
        ArrayView<float> x0, ArrayView<float> x1, ArrayView<float> x2, ArrayView<float> x3, ArrayView<float> x4,
        ArrayView<float> x5, ArrayView<float> x6, ArrayView<float> x7,
        ArrayView<float> y, MapGpu.Walk walk)
    {
        int stride = Grid.DimX * Group.DimX;
        for (long i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < walk.Count; i += stride)
        {
            MapGpu.Place place = walk.At((int)i);
            At at = new(x0, x1, x2, x3, x4, x5, x6, x7,
                walk.X0.Offset(in place),
                walk.X1.Offset(in place),
                walk.X2.Offset(in place),
                walk.X3.Offset(in place),
                walk.X4.Offset(in place),
                walk.X5.Offset(in place),
                walk.X6.Offset(in place),
                walk.X7.Offset(in place));
            y[i] = TExpression.Evaluate<GpuFloat, At>(in at).Value;
        }
    }

    /// <summary>The inputs at one element.</summary>
    internal readonly struct At : IInputs<GpuFloat>
    {
        private readonly ArrayView<float> x0, x1, x2, x3, x4, x5, x6, x7;
        private readonly long i0, i1, i2, i3, i4, i5, i6, i7;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public At(
            ArrayView<float> x0, ArrayView<float> x1, ArrayView<float> x2, ArrayView<float> x3, ArrayView<float> x4,
            ArrayView<float> x5, ArrayView<float> x6, ArrayView<float> x7,
            long i0, long i1, long i2, long i3, long i4, long i5, long i6, long i7)
        {
            this.x0 = x0;
            this.x1 = x1;
            this.x2 = x2;
            this.x3 = x3;
            this.x4 = x4;
            this.x5 = x5;
            this.x6 = x6;
            this.x7 = x7;
            this.i0 = i0;
            this.i1 = i1;
            this.i2 = i2;
            this.i3 = i3;
            this.i4 = i4;
            this.i5 = i5;
            this.i6 = i6;
            this.i7 = i7;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get0() => new(x0[i0]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get1() => new(x1[i1]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get2() => new(x2[i2]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get3() => new(x3[i3]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get4() => new(x4[i4]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get5() => new(x5[i5]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get6() => new(x6[i6]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get7() => new(x7[i7]);
    }

    /// <summary>The inputs' numbers at one element.</summary>
    [method: MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal readonly struct Numbers(float x0, float x1, float x2, float x3, float x4, float x5, float x6, float x7)
        : IInputs<GpuFloat>
    {
        private readonly float x0 = x0, x1 = x1, x2 = x2, x3 = x3, x4 = x4, x5 = x5, x6 = x6, x7 = x7;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get0() => new(x0);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get1() => new(x1);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get2() => new(x2);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get3() => new(x3);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get4() => new(x4);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get5() => new(x5);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get6() => new(x6);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public GpuFloat Get7() => new(x7);
    }
}
