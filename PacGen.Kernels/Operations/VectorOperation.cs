using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>An operation whose CPU kernel is written once over lanes and bound at the machine's vector width.</summary>
public abstract record VectorOperation : Operation
{
    /// <inheritdoc/>
    /// <exception cref="ShapeException">The shapes don't fit.</exception>
    /// <exception cref="ArgumentException">A region is smaller than its tensor.</exception>
    public sealed override Launch Bind(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
        Bind(device, shapes, inputs, output, device.Lanes);

    /// <summary>The kernel at a width of 16, 8, 4 or 1 floats, whatever the machine has.</summary>
    internal Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output, int width)
    {
        Shape result = Infer(shapes);
        if (inputs.Length != shapes.Length)
        {
            throw new ArgumentException(
                $"{Name} has {shapes.Length} inputs but is bound to {inputs.Length} regions.", nameof(inputs));
        }

        for (int i = 0; i < inputs.Length; i++)
        {
            if (inputs[i].Count < shapes[i].Count)
            {
                throw new ArgumentException(
                    $"{Name}: input {i} of shape {shapes[i]} does not fit into a region of {inputs[i].Count} floats.",
                    nameof(inputs));
            }
        }

        return output.Count < result.Count
            ? throw new ArgumentException(
                $"{Name}: the output of shape {result} does not fit into a region of {output.Count} floats.", nameof(output))
            : WidthFor(shapes, width) switch
            {
                16 => Bind<Float16, Words16>(device, shapes, inputs, output),
                8 => Bind<Float8, Words8>(device, shapes, inputs, output),
                4 => Bind<Float4, Words4>(device, shapes, inputs, output),
                _ => Bind<Float1, Words1>(device, shapes, inputs, output),
            };
    }

    /// <summary>The width at which these shapes run best, at most <paramref name="width"/>.</summary>
    private protected virtual int WidthFor(ReadOnlySpan<Shape> shapes, int width) => width;

    /// <summary>The kernel over one lane; the shapes and the regions' sizes have been checked.</summary>
    private protected abstract Launch Bind<T, TWords>(
        CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output)
        where T : struct, ILane<T, TWords>, IMemoryLane<T>
        where TWords : struct, IWords<TWords>;

    /// <summary>Checks the number of inputs and the number of axes of each.</summary>
    private protected void Expect(ReadOnlySpan<Shape> inputs, string expected, params ReadOnlySpan<int> ranks)
    {
        bool fits = inputs.Length == ranks.Length;
        for (int i = 0; fits && i < ranks.Length; i++)
        {
            fits = inputs[i].Rank == ranks[i];
        }

        if (!fits)
        {
            throw Mismatch(inputs, expected);
        }
    }

    /// <summary>The error of shapes that aren't as the operation expects them.</summary>
    private protected ShapeException Mismatch(ReadOnlySpan<Shape> inputs, string expected) =>
        new($"{Name} takes {expected}, not {string.Join(" and ", inputs.ToArray())}.");
}
