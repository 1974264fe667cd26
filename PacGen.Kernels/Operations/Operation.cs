
namespace PacGen.Kernels;

/// <summary>
/// A primitive operation: what shape it gives and how each device computes it. Immutable, and equal when its settings are.
/// Each stands in a folder of its own with its kernels; its gradient is one row of the table in PacGen.Nn.
/// </summary>
public abstract record Operation
{
    /// <summary>The operation's name in messages.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>The shape of the output.</summary>
    /// <param name="inputs">The inputs' shapes.</param>
    /// <exception cref="ShapeException">The shapes don't fit; the message names the operation and the shapes.</exception>
    public abstract Shape Infer(ReadOnlySpan<Shape> inputs);

    /// <summary>
    /// The same as a reduction of an expression, into which the compiler of graphs puts the maps that make its inputs; null for
    /// an operation that is none or wants its inputs in memory.
    /// </summary>
    /// <param name="inputs">The inputs' shapes.</param>
    public virtual FusedReduce? AsReduction(ReadOnlySpan<Shape> inputs) => null;

    /// <summary>Whether it sums products of its inputs' numbers, which <see cref="Precision.BFloat16"/> rounds.</summary>
    public virtual bool IsProduct => false;

    /// <summary>
    /// The same by a kernel that rounds the inputs to bfloat16 itself; null where the device has none: the inputs are rounded
    /// before then.
    /// </summary>
    /// <param name="device">The device.</param>
    public virtual Operation? InBFloat16(Device device) => null;

    /// <summary>
    /// The same by a kernel whose first two inputs, the numbers that it multiplies, are pairs of bfloat16 in memory as
    /// <see cref="PairMap"/> stores them, of the same numbers; null where the device has none for these shapes.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="inputs">The shapes of the inputs' numbers.</param>
    public virtual Operation? ReadingPairs(Device device, ReadOnlySpan<Shape> inputs) => null;

    /// <summary>
    /// The same with an elementwise expression computed of its result as that is stored, so that the result itself is never in
    /// memory: argument 0 of the expression is the result, the others are further inputs behind the operation's own. Null where
    /// the device has no kernel for that.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="epilogue">The expression.</param>
    /// <param name="target">The shape of what the expression gives: as many elements as the result has, in its order.</param>
    /// <param name="others">The shapes of the further inputs, which broadcast to <paramref name="target"/>.</param>
    public virtual Operation? WithEpilogue(
        Device device, Expression epilogue, Shape target, ReadOnlySpan<Shape> others) => null;

    /// <summary>
    /// What the kernel on the CPU keeps for itself from its binding on, such as packed weights, in bytes; 0 where that is small
    /// beside its inputs. It is known before any memory is taken, so that a run that can't fit isn't begun.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    public virtual long KernelBytes(CpuDevice device, ReadOnlySpan<Shape> shapes) => 0;

    /// <summary>
    /// What the kernel on the CPU needs while it runs, in memory that all kernels of the device share, in bytes; 0 where that is
    /// small. It, too, is known before any memory is taken.
    /// </summary>
    /// <param name="device">The device.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    public virtual long SharedBytes(CpuDevice device, ReadOnlySpan<Shape> shapes) => 0;

    /// <summary>The same of the kernel on a GPU.</summary>
    /// <inheritdoc cref="SharedBytes(CpuDevice, ReadOnlySpan{Shape})"/>
    public virtual long SharedBytes(GpuDevice device, ReadOnlySpan<Shape> shapes) => 0;

    /// <summary>The kernel on the CPU, bound to memory.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="inputs">The inputs' memory.</param>
    /// <param name="output">The memory of the result, of the shape that <see cref="Infer"/> says.</param>
    public abstract Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output);

    /// <summary>The kernel on a GPU, an OpenCL processor or the simulator, bound to memory.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="shapes">The inputs' shapes.</param>
    /// <param name="inputs">The inputs' memory.</param>
    /// <param name="output">The memory of the result, of the shape that <see cref="Infer"/> says.</param>
    /// <exception cref="NotSupportedException">The operation has no GPU kernel.</exception>
    public virtual Launch Bind(GpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        throw new NotSupportedException($"{Name} has no kernel for {device.Name} yet; the CPU device has it.");
}
