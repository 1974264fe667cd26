using PacGen.Core.Bounds;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// L̂ of a network on all images of a set, as a function of its weights: value, gradient and Hessian-vector products at any
/// point, in evaluation mode. Graphs are compiled once; each call is a pass over the set, its batches summed in double and in the
/// set's order, gradients and products over parts by <see cref="ParameterArena.Parallel"/>, so that results depend neither on
/// threads nor on how many processes share the passes. The network's own weights are only read. One thread at a time may call
/// it.
/// </summary>
/// <example>
/// <code>
/// using EmpiricalLoss empirical = new(model, trainer.Arena, data.Train);
/// double loss = empirical.Value();
/// Console.WriteLine(Lanczos.Measure(empirical));                                   // λ_max
/// </code>
/// </example>
public sealed partial class EmpiricalLoss : IDisposable
{
    private const int DefaultBatch = 500;
    private readonly ParameterArena arena;
    private readonly int batchSize;

    // What a pass needs is made when the first of its kind is taken.
    private readonly SetBatches batches;
    private readonly Dictionary<int, TreeSum<double>> sums = [];
    private DeviceBuffer? point, gradients;
    private BatchGraph? value, gradient;

    // What measures share: found at these weights and this state.
    private readonly Dictionary<object, (object Found, PassCost Cost)> findings = [];
    private (float[] Weights, float[] State) foundAt = ([], []);
    private PassCost spared;
    private float[] own = [], all = [];

    /// <summary>The loss of a network on a set.</summary>
    /// <param name="model">The network.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="images">The set: all of it counts.</param>
    /// <param name="loss">The loss of a batch from the network's output and the labels, a mean over the batch; the
    /// usual one of the targets without it (<see cref="Nn.Loss.Of"/>).</param>
    /// <param name="batchSize">Images that are worked on at once, 0 for at most 500: memory and rounding depend on it, nothing
    /// else.</param>
    /// <exception cref="DataException">The batch size is not that of a part of the set.</exception>
    public EmpiricalLoss(
        Module model, ParameterArena arena, SampleSet images, Func<Tensor, Tensor, Tensor>? loss = null, int batchSize = 0)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(arena);
        ArgumentNullException.ThrowIfNull(images);
        this.arena = arena;
        this.batchSize = batchSize == 0 ? Math.Min(DefaultBatch, images.Count) : batchSize;
        BatchLoader.Require(this.batchSize, images);
        batches = new SetBatches(images, this.batchSize, arena);
        Model = model;
        Images = images;
        Loss = loss ?? Nn.Loss.Of(images.Target);
    }

    /// <summary>m, the number of weights.</summary>
    public int Count => checked((int)arena.Count);

    /// <summary>The network.</summary>
    public Module Model { get; }

    /// <summary>The loss of a batch from the network's output and the labels.</summary>
    public Func<Tensor, Tensor, Tensor> Loss { get; }

    /// <summary>The passes that were taken so far.</summary>
    public PassCost Cost { get; internal set; }

    /// <summary>The set.</summary>
    public SampleSet Images { get; }

    /// <summary>The network's parameters.</summary>
    public ParameterArena Arena => arena;

    /// <summary>What is known of the training that led to the weights; null where nothing is.</summary>
    /// <exception cref="ArgumentException">The first weights, or h, are not m numbers.</exception>
    public TrainingFacts? Training
    {
        get;
        init
        {
            Require(value?.InitialWeights?.Count ?? Count, nameof(value), "first weights");
            Require(value?.SecondMoment?.Values.Length ?? Count, nameof(value), "squared gradients");
            field = value;
        }
    }

    /// <summary>
    /// The point at which loss, gradient and products are taken, in the arena's layout; kernels may write it. Where nothing moved
    /// it yet, the network's weights of when it is first looked at.
    /// </summary>
    /// <exception cref="TrainingException">Nothing moved it yet, and a weight, or the network's state, is NaN or
    /// infinite.</exception>
    public DeviceBuffer Point
    {
        get
        {
            if (point is null)
            {
                MoveToWeights();
            }

            return point!;
        }
    }

    /// <summary>Moves to the network's present weights w.</summary>
    /// <returns>w.</returns>
    /// <exception cref="TrainingException">A weight, or the network's state, is NaN or infinite.</exception>
    public float[] MoveToWeights()
    {
        arena.RequireFinite("The loss has no measures");
        float[] weights = arena.Save();
        point ??= arena.Device.AllocateUncleared(arena.Count);
        point.Write(0, weights);
        return weights;
    }

    /// <summary>Moves to a point.</summary>
    /// <param name="point">m coordinates in the arena's order.</param>
    /// <exception cref="ArgumentException">It does not have m coordinates.</exception>
    public void MoveTo(ReadOnlySpan<float> point)
    {
        Require(point.Length, nameof(point));
        Point.Write(0, point);
    }

    /// <summary>L̂ at the point.</summary>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="TrainingException">The loss is not finite there.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled, between two batches.</exception>
    public double Value(CancellationToken cancellation = default)
    {
        double sum = 0;
        ForEach(ValueGraph, Extra.None, (count, loss, _, _) => sum += (double)loss * count, cancellation);
        Cost += new PassCost(1, 0, 0);
        return Finite(sum / Images.Count);
    }

    /// <summary>The losses of a classifier at the point.</summary>
    /// <param name="smallestProbability">p_min of the bounded cross-entropy, in (0, 1).</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentOutOfRangeException">p_min is outside (0, 1).</exception>
    /// <exception cref="InvalidOperationException">The network's output is not a row of logits an image, one for each
    /// class.</exception>
    /// <exception cref="TrainingException">The loss is not finite there.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LossValues Losses(double smallestProbability = 1e-4, CancellationToken cancellation = default)
    {
        BoundedCrossEntropy bounded = new(smallestProbability);
        int width = Outputs;
        if (Images.Target.Kind != TargetKind.Class)
        {
            throw new InvalidOperationException(
                $"The 0-1 loss needs a class for each sample, but the targets are {Images.Target}.");
        }

        if (width < Images.Classes || width < 2)
        {
            throw new InvalidOperationException(
                $"The 0-1 loss needs an output for each of {Images.Classes} classes, but the network has {width}.");
        }

        double sum = 0, zeroOne = 0, crossEntropy = 0;
        ForEach(
            ValueGraph,
            Extra.Outputs,
            (count, loss, outputs, labels) =>
            {
                sum += (double)loss * count;
                ClassLoss.Add(outputs, labels, bounded, ref zeroOne, ref crossEntropy);
            },
            cancellation);

        Cost += new PassCost(1, 0, 0);
        return new LossValues(
            Finite(sum / Images.Count), 1 - ((Images.Count - zeroOne) / Images.Count), Finite(crossEntropy / Images.Count));
    }

    /// <summary>L̂ and ∇L̂ at the point.</summary>
    /// <param name="result">Gets the m numbers of ∇L̂.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="ArgumentException">There is no room for exactly m numbers.</exception>
    /// <exception cref="TrainingException">The loss or the gradient is not finite there.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public double Gradient(Span<double> result, CancellationToken cancellation = default)
    {
        double loss = Finite(Pass(gradient ??= Graph(Gradients), result, cancellation));
        Cost += new PassCost(0, 1, 0);
        return loss;
    }

    /// <summary>Shows the network's outputs at the point, batch by batch in the set's order.</summary>
    /// <param name="look">Gets the outputs of a batch's images, one image after the other, and their labels.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    internal void ForEachOutput(OutputsAction look, CancellationToken cancellation)
    {
        ForEach(ValueGraph, Extra.Outputs, (_, _, outputs, labels) => look(outputs, labels), cancellation);
        Cost += new PassCost(1, 0, 0);
    }

    /// <summary>Shows the gradient of each batch's mean loss at the point, in the set's order.</summary>
    /// <param name="look">Gets the batch's gradient, m numbers, and how many images it is the mean over.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <exception cref="TrainingException">A loss is not finite.</exception>
    internal void ForEachGradient(GradientAction look, CancellationToken cancellation)
    {
        ForEach(
            gradient ??= Graph(Gradients),
            Extra.Gradient,
            (count, loss, values, _) =>
            {
                Finite(loss);
                look(values, count);
            },
            cancellation);
        Cost += new PassCost(0, 1, 0);
    }

    /// <summary>
    /// What several measures need is found once and kept while weights and state stay as they are; <see cref="Work"/> counts its
    /// passes for each that asks.
    /// </summary>
    /// <param name="key">Says what is found and with which settings.</param>
    /// <param name="find">Finds it at the network's weights.</param>
    internal TFound Once<TFound>(object key, Func<TFound> find)
        where TFound : class
    {
        arena.RequireFinite("The loss has no measures");
        float[] weights = arena.Save(), state = arena.SaveState();
        if (!weights.AsSpan().SequenceEqual(foundAt.Weights) || !state.AsSpan().SequenceEqual(foundAt.State))
        {
            findings.Clear();
            foundAt = (weights, state);
        }

        if (findings.TryGetValue(key, out (object Found, PassCost Cost) known))
        {
            spared += known.Cost;
            return (TFound)known.Found;
        }

        PassCost before = Work;
        TFound found = find();
        findings[key] = (found, Work - before);
        return found;
    }

    /// <summary>Counts passes that were taken over some of the set's images elsewhere.</summary>
    internal void Charge(PassCost cost) => Cost += cost;

    /// <summary>The passes that were taken, and those that would have been if nothing had been kept.</summary>
    internal PassCost Work => Cost + spared;

    /// <summary>Sees a batch: of how many samples, its mean loss, what else was asked for, its labels beside outputs.</summary>
    private delegate void EachBatch(int count, float loss, ReadOnlySpan<float> extra, ReadOnlySpan<float> labels);

    /// <summary>What is asked for beside the loss.</summary>
    private enum Extra
    {
        None,
        Outputs,
        Gradient,
    }

    /// <summary>Sees the outputs of a batch.</summary>
    internal delegate void OutputsAction(ReadOnlySpan<float> outputs, ReadOnlySpan<float> labels);

    /// <summary>Sees the gradient of a batch.</summary>
    internal delegate void GradientAction(ReadOnlySpan<float> gradient, int images);

    /// <inheritdoc/>
    public void Dispose()
    {
        value?.Dispose();
        gradient?.Dispose();
        foreach (BatchGraph graph in products.Values)
        {
            graph.Dispose();
        }

        batches.Dispose();
        point?.Dispose();
        gradients?.Dispose();
        foreach ((DeviceBuffer along, DeviceBuffer product) in directions)
        {
            along.Dispose();
            product.Dispose();
        }
    }

    /// <summary>How many outputs the network has an image.</summary>
    internal int Outputs
    {
        get
        {
            ValueGraph.For(batchSize);
            return ValueGraph.Classes;
        }
    }

    private BatchGraph ValueGraph => value ??= Graph(null);

    private DeviceBuffer Gradients => gradients ??= arena.Device.AllocateUncleared(arena.Count);

    private BatchGraph Graph(
        DeviceBuffer? result, IReadOnlyDictionary<Tensor, Region>? inputs = null, BatchGraph.Derivatives? derivatives = null)
    {
        LabelCheck.Require(Model, Loss, Images, "The images");
        return new(Model, arena, Point, result, Loss, Images.Form, null, inputs: inputs, derivatives: derivatives);
    }

    private static double Finite(double value) => double.IsFinite(value)
        ? value
        : throw new TrainingException(
            $"The loss or one of its derivatives is {value} at these weights: they have diverged, or the perturbation is too " +
            $"large.");

    /// <summary>The means over the set of a graph's scalar, which is returned, and of its gradient.</summary>
    private double Pass(BatchGraph graph, Span<double> result, CancellationToken cancellation)
    {
        Require(result.Length, nameof(result));
        Span<double> means = Means(graph, [Gradients], withLoss: true, default, cancellation);
        means[..^1].CopyTo(result);
        Finite(result);
        return means[^1];
    }

    /// <summary>
    /// The means over the set of arrays that a graph makes of each batch, one behind the other, and of its loss at the end where
    /// it is wanted; in an array of this object's if no other is given.
    /// </summary>
    private Span<double> Means(
        BatchGraph graph, DeviceBuffer[] made, bool withLoss, Span<double> into, CancellationToken cancellation)
    {
        batches.Begin(takesTurns: false);
        int length = checked((made.Length * Count) + (withLoss ? 1 : 0));
        if (!sums.TryGetValue(length, out TreeSum<double>? over))
        {
            sums[length] = over = new TreeSum<double>(length);
        }

        return over.Run(
            arena.Parallel,
            batches.Count,
            (index, place, sum) =>
            {
                Batch batch = batches.Next(index, begins: place == 0);
                graph.Run(batch.Samples, batch.Targets);
                double share = (double)batch.Count / Images.Count;
                if (withLoss)
                {
                    sum[^1] += graph.Loss() * share;
                }

                for (int i = 0; i < made.Length; i++)
                {
                    Add(made[i], sum.Slice(i * Count, Count), share);
                }
            },
            null,
            cancellation,
            into);
    }

    /// <summary>
    /// Passes the set: the ranks take its batches in turn, and all look at what came of each in the set's order.
    /// </summary>
    private void ForEach(BatchGraph graph, Extra extra, EachBatch look, CancellationToken cancellation)
    {
        DataParallel parallel = arena.Parallel;
        Communicator ranks = parallel.Ranks;
        graph.For(batchSize);
        int size = graph.Classes, width = extra == Extra.Outputs ? Images.Target.Width : 0;
        int most = extra switch { Extra.Outputs => batchSize * size, Extra.Gradient => Count, _ => 0 };
        int room = 1 + most + (batchSize * width);
        if (own.Length != room)
        {
            own = new float[room];
            all = new float[checked(room * ranks.Size)];
        }

        batches.Begin(takesTurns: true);
        for (int first = 0; first < batches.Count; first += ranks.Size)
        {
            parallel.ThrowIfCancelled(cancellation);
            for (int index = first; index < Math.Min(first + ranks.Size, batches.Count); index++)
            {
                Batch batch = batches.Next(index, begins: index == 0);
                if (index - first != ranks.Rank)
                {
                    continue;
                }

                graph.Run(batch.Samples, batch.Targets);
                own[0] = graph.Loss();
                if (extra == Extra.Outputs)
                {
                    graph.Output(own.AsSpan(1, batch.Count * size));
                    batch.Targets.CopyTo(own.AsSpan(1 + most));
                }
                else if (extra == Extra.Gradient)
                {
                    Gradients.Read(0, own.AsSpan(1, Count));
                }
            }

            ranks.Gather<float>(own, all);
            for (int index = first; index < Math.Min(first + ranks.Size, batches.Count); index++)
            {
                int count = batches.CountOf(index);
                ReadOnlySpan<float> made = all.AsSpan((index - first) * room, room);
                int numbers = extra == Extra.Outputs ? count * size : most;
                look(count, made[0], made.Slice(1, numbers), made.Slice(1 + most, count * width));
            }
        }
    }

    private void Require(int length, string name, string what = "numbers")
    {
        if (length != Count)
        {
            throw new ArgumentException($"{length} {what} are given for {Count} weights.", name);
        }
    }
}
