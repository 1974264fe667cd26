using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Passes over batches of images: h = the mean of the squared mini-batch gradients, at any weights.</summary>
internal sealed class SecondMomentPass : IDisposable
{
    private readonly Module model;
    private readonly ParameterArena arena;
    private readonly Func<Tensor, Tensor, Tensor> loss;
    private readonly DeviceBuffer gradients;
    private readonly int part;
    private readonly CurvatureRoot? root;

    // Where a batch is passed in parts: what gathers their gradients' mean.
    private readonly GradientSum? gathered;
    private readonly Dictionary<DeviceBuffer, BatchGraph> graphs = [];
    private readonly Dictionary<(DeviceBuffer Result, int Batches), CompiledGraph> sums = [];
    private readonly float[] zeros;
    private TreeSum<float>? overParts;

    /// <param name="model">The model.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="loss">The loss of a batch from the model's output and the labels.</param>
    /// <param name="part">How many images are passed at once; at least a batch's for whole batches.</param>
    /// <param name="batchSize">Images a batch, at most.</param>
    /// <param name="root">Whose gradients are squared in the place of the loss's; null for the loss's. It stays its
    /// owner's.</param>
    public SecondMomentPass(
        Module model, ParameterArena arena, Func<Tensor, Tensor, Tensor> loss, int part, int batchSize,
        CurvatureRoot? root = null)
    {
        (this.model, this.arena, this.loss, this.part, this.root) = (model, arena, root is null ? loss : root.Loss, part, root);
        zeros = new float[arena.Count];
        gradients = arena.Device.Allocate(arena.Count);
        try
        {
            gathered = part < batchSize ? new GradientSum(gradients, (batchSize + part - 1) / part) : null;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Makes h at some weights.</summary>
    /// <param name="weights">The weights.</param>
    /// <param name="result">Where h goes.</param>
    /// <param name="loader">Gives the batches, all of one size.</param>
    /// <param name="batches">How many of them.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <param name="first">The number of the first part of the first batch, where there is a root: it decides the signs.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Run(
        DeviceBuffer weights, DeviceBuffer result, BatchLoader loader, int batches, CancellationToken cancellation, int first = 0)
    {
        SampleSet images = loader.Source;
        if (!graphs.TryGetValue(weights, out BatchGraph? graph))
        {
            graphs[weights] = graph = new BatchGraph(
                model, arena, weights, gathered?.Part ?? gradients, loss, images.Form, null,
                inputs: root?.Inputs);
        }

        if (!sums.TryGetValue((result, batches), out CompiledGraph? sum))
        {
            Shape shape = new(checked((int)arena.Count));
            Tensor h = Tensor.Input(shape, "h"), g = Tensor.Input(shape, "g");
            Tensor next = h + (g.Square() * (1f / batches));
            sums[(result, batches)] = sum = CompiledGraph.Compile(arena.Device, [next], new Dictionary<Tensor, Region>
            {
                [h] = new(result),
                [g] = new(gradients),
                [next] = new(result),
            });
        }

        int width = images.Target.Width;
        DataParallel parallel = arena.Parallel;
        overParts ??= new TreeSum<float>(parallel.Parts == 1 ? 0 : checked((int)arena.Count));
        result.Write(0, zeros);
        Span<float> mean = overParts.Run(parallel, batches, Pass, EndPart, cancellation);
        if (parallel.Parts > 1)
        {
            result.Write(0, mean);
        }

        void Pass(int index, int place, Span<float> sums)
        {
            if (place == 0)
            {
                loader.Start(1, index);
            }

            loader.TryNext(out Batch batch);
            int number = first + (index * (((batch.Count - 1) / part) + 1));
            for (int start = 0; start < batch.Count; start += part)
            {
                int count = Math.Min(part, batch.Count - start);
                root?.Set(number++);
                graph.Run(
                    batch.Samples.Slice(start * images.SampleSize, count * images.SampleSize),
                    batch.Targets.Slice(start * width, count * width));
                gathered?.Add((double)count / batch.Count, start / part, last: start + count == batch.Count);
            }

            sum.Run();
        }

        // The device sums over a part's batches, the host over parts.
        void EndPart(int batches, Span<float> sums)
        {
            if (parallel.Parts > 1)
            {
                result.Read(0, sums);
                result.Write(0, zeros);
            }
        }
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
    }
}
