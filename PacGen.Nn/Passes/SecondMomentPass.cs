using PacGen.Kernels;
using PacGen.Kernels.Devices;
using PacGen.Nn.Data;
using Buffer = PacGen.Kernels.Devices.Buffer;

namespace PacGen.Nn;

/// <summary>Passes over the same batches at different weights: h = the mean of the squared mini-batch gradients.</summary>
internal sealed class SecondMomentPass : IDisposable
{
    private readonly EmpiricalLoss subject;
    private readonly BatchLoader loader;
    private readonly int batches, batchSize, part;
    private readonly Buffer gradients;

    // Where a batch is passed in parts: what gathers their gradients' mean.
    private readonly GradientSum? gathered;
    private readonly Dictionary<Buffer, BatchGraph> graphs = [];
    private readonly Dictionary<Buffer, CompiledGraph> sums = [];
    private readonly float[] zeros;

    /// <param name="subject">The network, its loss and the images.</param>
    /// <param name="options">Which images, in batches of which size.</param>
    public SecondMomentPass(EmpiricalLoss subject, ScoreOptions options)
    {
        this.subject = subject;
        (ParameterArena arena, ImageSet images) = (subject.Arena, subject.Images);
        zeros = new float[arena.Count];
        loader = BatchLoader.Shuffled(images, options.BatchSize, options.ImageSeed, dropLast: true);
        batchSize = options.BatchSize;
        part = options.Part;
        batches = (options.Images == 0 ? images.Count : options.Images) / options.BatchSize;
        Images = batches * options.BatchSize;
        gradients = arena.Device.Allocate(arena.Count);
        gathered = part < batchSize ? new GradientSum(gradients) : null;
    }

    /// <summary>How many images a pass sees.</summary>
    public int Images { get; }

    /// <summary>The passes that were taken so far.</summary>
    public PassCost Cost { get; private set; }

    /// <summary>Makes h at some weights.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="result">Where h goes.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Run(Buffer weights, Buffer result, CancellationToken cancellation)
    {
        if (!graphs.TryGetValue(weights, out BatchGraph? graph))
        {
            graphs[weights] = graph = subject.Graph(weights, gathered?.Part ?? gradients);
        }

        if (!sums.TryGetValue(result, out CompiledGraph? sum))
        {
            Shape shape = new(subject.Count);
            Tensor h = Tensor.Input(shape, "h"), g = Tensor.Input(shape, "g");
            Tensor next = h + (g.Square() * (1f / batches));
            sums[result] = sum = CompiledGraph.Compile(subject.Arena.Device, [next], new Dictionary<Tensor, Region>
            {
                [h] = new(result),
                [g] = new(gradients),
                [next] = new(result),
            });
        }

        result.Write(0, zeros);
        loader.Start(1);
        for (int batch = 0; batch < batches && loader.TryNext(out Batch images); batch++)
        {
            cancellation.ThrowIfCancellationRequested();
            for (int start = 0; start < batchSize; start += part)
            {
                int count = Math.Min(part, batchSize - start), size = images.Images.Length / batchSize;
                graph.Run(images.Images.Slice(start * size, count * size), images.Labels.Slice(start, count));
                gathered?.Add((double)count / batchSize, start == 0);
            }

            sum.Run();
        }

        Cost += new PassCost(0, (double)Images / subject.Images.Count, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (BatchGraph graph in graphs.Values)
        {
            graph.Dispose();
        }

        foreach (CompiledGraph graph in sums.Values)
        {
            graph.Dispose();
        }

        gathered?.Dispose();
        gradients.Dispose();
        loader.Dispose();
    }
}
