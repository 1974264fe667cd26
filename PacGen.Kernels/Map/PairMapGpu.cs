using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>The map that stores pairs of bfloat16, closed over the expression.</summary>
internal static class PairMapGpu
{
    [UnconditionalSuppressMessage("Trimming", "IL2076", Justification = "Structs have a constructor without parameters.")]
    public static Launch Create(
        GpuDevice device, PairMap map, BroadcastPlan plan, Region[] inputs, Region? whole, Region pairs)
    {
        MapGpu.Check(device, map.Name, plan, map.Numbers.Count, inputs);
        Type stored = whole is null ? typeof(PairsAlone) : typeof(PairsBesideNumbers);

        // Pairs are rounded as they are stored; numbers beside them only where the map says so.
        Expression made = whole is null ? map.Expression.Without<BFloat16Function>() : map.Expression;
        return RuntimeFeature.IsDynamicCodeSupported
            ? (Launch)Activator.CreateInstance(
                typeof(PairMapGpu<,>).MakeGenericType(made.ToType(), stored), device, plan, inputs, (int)map.Numbers.Count,
                whole ?? pairs, pairs)!
            : throw MapGpu.NotCompiled(map.Name);
    }
}

/// <summary>Whether a map stores its numbers in single precision too, as a type argument.</summary>
internal interface IPairsStored
{
    static abstract bool BesideNumbers { get; }
}

/// <summary>Pairs alone.</summary>
internal readonly struct PairsAlone : IPairsStored
{
    static bool IPairsStored.BesideNumbers => false;
}

/// <summary>Pairs, and the numbers in single precision.</summary>
internal readonly struct PairsBesideNumbers : IPairsStored
{
    static bool IPairsStored.BesideNumbers => true;
}

/// <summary>The kernels: four elements of each input at a time, or one.</summary>
internal sealed class PairMapGpu<TExpression, TStored> : Launch
    where TExpression : struct, IExpression
    where TStored : struct, IPairsStored
{
    private readonly Action<
        KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
        ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MapGpu.Walk> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> x0, x1, x2, x3, x4, x5, x6, x7, y, pairs;
    private readonly MapGpu.Walk walk;

    public PairMapGpu(GpuDevice device, BroadcastPlan plan, Region[] inputs, int count, Region whole, Region pairs)
    {
        y = GpuDevice.View(whole);
        this.pairs = GpuDevice.View(pairs);
        x0 = Input(0);
        x1 = Input(1);
        x2 = Input(2);
        x3 = Input(3);
        x4 = Input(4);
        x5 = Input(5);
        x6 = Input(6);
        x7 = Input(7);
        walk = new MapGpu.Walk(plan, count);
        bool wide = MapGpu.IsWide(plan, inputs, whole) && pairs.Start % 2 == 0;
        grid = device.Grid(count / (wide ? 4 : 2));
        Action<
            ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>,
            ArrayView<float>, ArrayView<float>, ArrayView<float>, ArrayView<float>, MapGpu.Walk> method =
                !wide ? Twos : plan.Extents.Length == 1 ? Quads : StridedQuads;
        kernel = device.Load(method.Method, accelerator => accelerator.LoadStreamKernel(method));

        ArrayView<float> Input(int index) => index < inputs.Length ? GpuDevice.View(inputs[index]) : y;
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, x0, x1, x2, x3, x4, x5, x6, x7, y, pairs, walk);

    /// <summary>One axis, four elements a thread at a time, as <see cref="MapGpu{TExpression}.Quads"/>.</summary>
    internal static void Quads(
        ArrayView<float> x0, ArrayView<float> x1, ArrayView<float> x2, ArrayView<float> x3, ArrayView<float> x4,
        ArrayView<float> x5, ArrayView<float> x6, ArrayView<float> x7, ArrayView<float> y, ArrayView<float> pairs,
        MapGpu.Walk walk)
    {
        // The count is a multiple of eight.
        int quads = walk.Count / 4, stride = Grid.DimX * Group.DimX;
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            int i = 4 * quad;
            Store(y, pairs, i, MapGpu<TExpression>.Four(
                Load(x0, i, walk.X0), Load(x1, i, walk.X1), Load(x2, i, walk.X2), Load(x3, i, walk.X3), Load(x4, i, walk.X4),
                Load(x5, i, walk.X5), Load(x6, i, walk.X6), Load(x7, i, walk.X7)));
        }
    }

    /// <summary>
    /// Several axes, four elements a thread at a time along the innermost, as <see cref="MapGpu{TExpression}.StridedQuads"/>.
    /// </summary>
    internal static void StridedQuads(
        ArrayView<float> x0, ArrayView<float> x1, ArrayView<float> x2, ArrayView<float> x3, ArrayView<float> x4,
        ArrayView<float> x5, ArrayView<float> x6, ArrayView<float> x7, ArrayView<float> y, ArrayView<float> pairs,
        MapGpu.Walk walk)
    {
        int quads = walk.Count / 4, stride = Grid.DimX * Group.DimX;
        for (int quad = (Grid.IdxX * Group.DimX) + Group.IdxX; quad < quads; quad += stride)
        {
            int i = 4 * quad;
            MapGpu.Place place = walk.At(i);
            Store(y, pairs, i, MapGpu<TExpression>.Four(
                MapGpu<TExpression>.Load(x0, walk.X0, in place), MapGpu<TExpression>.Load(x1, walk.X1, in place),
                MapGpu<TExpression>.Load(x2, walk.X2, in place), MapGpu<TExpression>.Load(x3, walk.X3, in place),
                MapGpu<TExpression>.Load(x4, walk.X4, in place), MapGpu<TExpression>.Load(x5, walk.X5, in place),
                MapGpu<TExpression>.Load(x6, walk.X6, in place), MapGpu<TExpression>.Load(x7, walk.X7, in place)));
        }
    }

    /// <summary>Any axes, whatever memory's alignment is: two elements a thread, one after the other.</summary>
    internal static void Twos(
        ArrayView<float> x0, ArrayView<float> x1, ArrayView<float> x2, ArrayView<float> x3, ArrayView<float> x4,
        ArrayView<float> x5, ArrayView<float> x6, ArrayView<float> x7, ArrayView<float> y, ArrayView<float> pairs,
        MapGpu.Walk walk)
    {
        int twos = walk.Count / 2, stride = Grid.DimX * Group.DimX;
        for (int two = (Grid.IdxX * Group.DimX) + Group.IdxX; two < twos; two += stride)
        {
            float first = At(x0, x1, x2, x3, x4, x5, x6, x7, walk, 2 * two);
            float second = At(x0, x1, x2, x3, x4, x5, x6, x7, walk, (2 * two) + 1);
            if (TStored.BesideNumbers)
            {
                y[2 * two] = first;
                y[(2 * two) + 1] = second;
            }

            pairs[two] = BitConverter.Int32BitsToSingle(TensorCore.Pack(first, second));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float At(
        ArrayView<float> x0, ArrayView<float> x1, ArrayView<float> x2, ArrayView<float> x3, ArrayView<float> x4,
        ArrayView<float> x5, ArrayView<float> x6, ArrayView<float> x7, MapGpu.Walk walk, int index)
    {
        MapGpu.Place place = walk.At(index);
        MapGpu<TExpression>.At at = new(
            x0, x1, x2, x3, x4, x5, x6, x7, walk.X0.Offset(in place), walk.X1.Offset(in place), walk.X2.Offset(in place),
            walk.X3.Offset(in place), walk.X4.Offset(in place), walk.X5.Offset(in place), walk.X6.Offset(in place),
            walk.X7.Offset(in place));
        return TExpression.Evaluate<GpuFloat, MapGpu<TExpression>.At>(in at).Value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Load(ArrayView<float> x, int i, MapGpu.Steps steps)
    {
        Quad quad;
        if (steps.S0 != 0)
        {
            quad = Quad.Load(x, i);
        }
        else
        {
            float value = x[0];
            quad = new Quad(value, value, value, value);
        }

        return quad;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(ArrayView<float> y, ArrayView<float> pairs, int i, Quad value)
    {
        if (TStored.BesideNumbers)
        {
            Quad.Store(y, i, value);
        }

        Pair.Store(pairs, i >> 1, value.InPairs());
    }
}
