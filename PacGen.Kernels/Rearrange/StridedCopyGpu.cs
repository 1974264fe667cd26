using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>Copies a box of elements on a GPU: a thread an element, in the order of the tensor that is written.</summary>
internal sealed class StridedCopyGpu : Launch
{
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<float>, Walk> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> x, y;
    private readonly Walk walk;

    /// <param name="device">The device.</param>
    /// <param name="name">The operation, for messages.</param>
    /// <param name="box">The elements.</param>
    /// <param name="x">The tensor that is read.</param>
    /// <param name="y">The tensor that is written.</param>
    /// <exception cref="NotSupportedException">A tensor is too large for the kernel's counting, or the box has more than six
    /// axes that don't merge.</exception>
    public StridedCopyGpu(GpuDevice device, string name, StridedBox box, Region x, Region y)
    {
        _ = Packs.Count(device, name, Math.Max(x.Count, y.Count));
        if (box.Extents.Length > Walk.MostAxes)
        {
            throw new NotSupportedException(
                $"{name}: {device.Name} moves at most {Walk.MostAxes} axes at once, not {box.Extents.Length}: do it " +
                $"in two steps.");
        }

        this.x = GpuDevice.View(x);
        this.y = GpuDevice.View(y);
        walk = new Walk(box);
        grid = device.Grid(walk.Count);
        kernel = device.Load(
            ((Delegate)Kernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, Walk>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, x, y, walk);

    internal static void Kernel(ArrayView<float> x, ArrayView<float> y, Walk walk)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < walk.Count; i += stride)
        {
            int rest = i, from = walk.FromStart, to = walk.ToStart;
            Step(ref rest, ref from, ref to, walk.E0, walk.F0, walk.T0);
            if (walk.Axes > 1)
            {
                Step(ref rest, ref from, ref to, walk.E1, walk.F1, walk.T1);
            }

            if (walk.Axes > 2)
            {
                Step(ref rest, ref from, ref to, walk.E2, walk.F2, walk.T2);
            }

            if (walk.Axes > 3)
            {
                Step(ref rest, ref from, ref to, walk.E3, walk.F3, walk.T3);
                Step(ref rest, ref from, ref to, walk.E4, walk.F4, walk.T4);
                Step(ref rest, ref from, ref to, walk.E5, walk.F5, walk.T5);
            }

            y[to] = x[from];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(ref int rest, ref int from, ref int to, int extent, int fromStep, int toStep)
    {
        int next = rest / extent, index = rest - (next * extent);
        from += index * fromStep;
        to += index * toStep;
        rest = next;
    }

    /// <summary>A box as the kernel walks it; axis 0 is the innermost.</summary>
    internal readonly struct Walk
    {
        public const int MostAxes = 6;

        public readonly int Count, Axes, FromStart, ToStart;
        public readonly int E0, E1, E2, E3, E4, E5, F0, F1, F2, F3, F4, F5, T0, T1, T2, T3, T4, T5;

        public Walk(StridedBox box)
        {
            (Count, Axes, FromStart, ToStart) = ((int)box.Count, box.Extents.Length, (int)box.FromStart, (int)box.ToStart);
            (E0, F0, T0) = Of(box, 1);
            (E1, F1, T1) = Of(box, 2);
            (E2, F2, T2) = Of(box, 3);
            (E3, F3, T3) = Of(box, 4);
            (E4, F4, T4) = Of(box, 5);
            (E5, F5, T5) = Of(box, 6);
        }

        private static (int, int, int) Of(StridedBox box, int fromInnermost) => fromInnermost <= box.Extents.Length
            ? ((int)box.Extents[^fromInnermost], (int)box.From[^fromInnermost], (int)box.To[^fromInnermost])
            : (1, 0, 0);
    }
}

/// <summary>Zeros a tensor on a GPU.</summary>
internal sealed class ClearGpu : Launch
{
    private readonly Action<KernelConfig, ArrayView<float>, int> kernel;
    private readonly KernelConfig grid;
    private readonly ArrayView<float> y;
    private readonly int count;

    /// <exception cref="NotSupportedException">The tensor is too large for the kernel's counting.</exception>
    public ClearGpu(GpuDevice device, string name, Region y)
    {
        count = Packs.Count(device, name, y.Count);
        this.y = GpuDevice.View(y);
        grid = device.Grid(count);
        kernel = device.Load(
            ((Delegate)Kernel).Method, accelerator => accelerator.LoadStreamKernel<ArrayView<float>, int>(Kernel));
    }

    /// <inheritdoc/>
    public override void Run() => kernel(grid, y, count);

    internal static void Kernel(ArrayView<float> y, int count)
    {
        int stride = Grid.DimX * Group.DimX;
        for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < count; i += stride)
        {
            y[i] = 0f;
        }
    }
}
