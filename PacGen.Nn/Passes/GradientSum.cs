using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The gradient of a batch that is passed in parts: each part's goes into <see cref="Part"/>, and the mean is gathered.
/// </summary>
internal sealed class GradientSum : IDisposable
{
    private readonly CompiledGraph graph;
    private readonly Upload keep, share;
    private readonly float[] scalar = new float[1];

    /// <param name="total">Where the batch's gradient goes.</param>
    public GradientSum(DeviceBuffer total)
    {
        Part = total.Device.Allocate(total.Count, "the gradients of a part of a batch");
        try
        {
            Shape shape = new(checked((int)total.Count));
            Tensor sum = Tensor.Input(shape, "sum"), part = Tensor.Input(shape, "part");
            Tensor kept = Tensor.Input(Shape.Scalar, "keep"), portion = Tensor.Input(Shape.Scalar, "share");
            Tensor next = (sum * kept) + (part * portion);
            graph = CompiledGraph.Compile(total.Device, [next], new Dictionary<Tensor, Region>
            {
                [sum] = new(total),
                [part] = new(Part),
                [next] = new(total),
            });
            keep = total.Device.CreateUpload(graph[kept]);
            share = total.Device.CreateUpload(graph[portion]);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A buffer of the arena's layout for the gradient of one part.</summary>
    public DeviceBuffer Part { get; }

    /// <summary>Adds the part's gradient to the batch's.</summary>
    /// <param name="portion">The part's share of the batch's images.</param>
    /// <param name="first">Whether it is the batch's first part: what was there before goes.</param>
    public void Add(double portion, bool first)
    {
        scalar[0] = first ? 0 : 1;
        keep.Write(scalar);
        scalar[0] = (float)portion;
        share.Write(scalar);
        graph.Run();
    }

    public void Dispose()
    {
        keep?.Dispose();
        share?.Dispose();
        graph?.Dispose();
        Part.Dispose();
    }
}
