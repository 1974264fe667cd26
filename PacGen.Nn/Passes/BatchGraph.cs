using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The graph of a model's loss on a batch, and of its gradients where a buffer for them is given, compiled once for each batch
/// size that comes.
/// </summary>
internal sealed class BatchGraph : IDisposable
{
    /// <summary>Steps are given to the graph as floats, which count so far.</summary>
    internal const long LargestStep = 0xFF_FFFF;

    private readonly Func<Tensor, Tensor, Tensor> loss;
    private readonly SampleForm form;
    private readonly ulong? trainingSeed;
    private readonly RunningStatistics statistics;
    private readonly IReadOnlyDictionary<Tensor, Region> inputs;
    private readonly Derivatives? derivatives;
    private readonly Precision precision;
    private readonly Dictionary<int, Compiled> compiled = [];
    private readonly Dictionary<int, (GraphCompiler Plan, Nodes Nodes)> planned = [];
    private readonly float[] scalar = new float[1];
    private Compiled? last;

    /// <param name="module">The model.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="weights">The buffer of the arena's layout that the model runs with: w, or w + u.</param>
    /// <param name="gradients">The buffer of the arena's layout that gets the gradients, or null for none.</param>
    /// <param name="loss">The loss from the model's output and the labels.</param>
    /// <param name="form">The extents of a sample, and what its target is.</param>
    /// <param name="trainingSeed">The seed for dropout and the like in training mode, or null for evaluation mode.</param>
    /// <param name="statistics">What a pass in training mode does to running statistics.</param>
    /// <param name="inputs">Memory of further leaves that the loss reads, such as the direction of a Hessian-vector
    /// product.</param>
    /// <param name="derivatives">Other scalars of which the gradients are wanted, and nothing else; null for the loss.</param>
    /// <param name="states">Where a pass in training mode reads and writes the model's state; null for the state itself.</param>
    /// <param name="precision">What products and convolutions multiply.</param>
    public BatchGraph(
        Module module,
        ParameterArena arena,
        DeviceBuffer weights,
        DeviceBuffer? gradients,
        Func<Tensor, Tensor, Tensor> loss,
        SampleForm form,
        ulong? trainingSeed,
        RunningStatistics statistics = RunningStatistics.FromTrainingPass,
        IReadOnlyDictionary<Tensor, Region>? inputs = null,
        StateUpdate? states = null,
        Derivatives? derivatives = null,
        Precision precision = Precision.Single)
    {
        (Module, Arena, Weights, Gradients, States) = (module, arena, weights, gradients, states);
        this.loss = loss;
        this.form = form;
        this.trainingSeed = trainingSeed;
        this.statistics = statistics;
        this.inputs = inputs ?? new Dictionary<Tensor, Region>();
        this.derivatives = derivatives;
        this.precision = precision;
    }

    /// <summary>The model.</summary>
    public Module Module { get; }

    /// <summary>Its parameters.</summary>
    public ParameterArena Arena { get; }

    /// <summary>The weights that the model runs with.</summary>
    public DeviceBuffer Weights { get; }

    /// <summary>What gets the gradients, or null for none.</summary>
    public DeviceBuffer? Gradients { get; }

    /// <summary>What the pass makes of the model's state; null where it reads, or writes, the state itself.</summary>
    public StateUpdate? States { get; }

    /// <summary>Whether the state is read as the model has it: in evaluation, and where a copy of it moves.</summary>
    public bool ReadsState => trainingSeed is null || States is not null;

    /// <summary>How many samples some targets belong to.</summary>
    public int CountOf(ReadOnlySpan<float> labels) => form.CountOf(labels);

    /// <summary>How many classes the last batch's output distinguished.</summary>
    public int Classes { get; private set; }

    /// <summary>How many numbers the last batch's output had a sample.</summary>
    public int Outputs { get; private set; }

    /// <summary>Runs a batch. The loss is read with <see cref="Loss"/>, the output with <see cref="Output"/>.</summary>
    /// <param name="images">The images of the batch, one after the other.</param>
    /// <param name="labels">Their labels.</param>
    /// <param name="step">The step number, for dropout.</param>
    /// <param name="share">The batch's share in running statistics that are re-estimated.</param>
    /// <param name="after">Called after each launch with its index; null for nothing.</param>
    public void Run(
        ReadOnlySpan<float> images, ReadOnlySpan<float> labels, long step = 0, double share = 1, Action<int>? after = null)
    {
        Compiled graph = Send(images, labels, step, share);
        if (after is null)
        {
            graph.Graph.Run();
        }
        else
        {
            graph.Graph.RunEach(after);
        }
    }

    /// <summary>Runs a batch as the pass of a whole training step.</summary>
    /// <param name="images">The images of the batch, one after the other.</param>
    /// <param name="labels">Their labels.</param>
    /// <param name="step">The step number, for dropout.</param>
    /// <param name="session">The optimizer, whose step was begun.</param>
    /// <returns>False where steps are waited for: nothing was done.</returns>
    public bool TryRunStep(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, long step, OptimizerSession session)
    {
        Compiled graph = For(form.CountOf(labels));
        if ((graph.WholeStep ??= session.Program(graph.Graph.Parts, graph.Loss)) is not { } program)
        {
            return false;
        }

        Send(images, labels, step, 1);
        session.Run(program);
        GC.KeepAlive(graph.Graph);
        return true;
    }

    private Compiled Send(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, long step, double share)
    {
        Compiled graph = For(form.CountOf(labels));
        graph.Images?.Write(images);
        graph.Labels?.Write(labels);
        if (graph.Step is { } stepUpload)
        {
            scalar[0] = step & LargestStep;
            stepUpload.Write(scalar);
        }

        if (graph.Share is { } shareUpload)
        {
            scalar[0] = (float)share;
            shareUpload.Write(scalar);
        }

        last = graph;
        return graph;
    }

    /// <summary>The mean loss of the last batch.</summary>
    public float Loss()
    {
        last!.Loss.Read(scalar);
        return scalar[0];
    }

    /// <summary>Where the mean loss of the last batch is.</summary>
    public Region LossRegion => last!.Loss;

    /// <summary>Copies the model's output for the last batch.</summary>
    public void Output(Span<float> destination) => last!.Output.Read(destination);

    /// <summary>The graph for a batch size, compiled at its first use.</summary>
    public Compiled For(int count)
    {
        if (compiled.TryGetValue(count, out Compiled? graph))
        {
            return graph;
        }

        (GraphCompiler plan, Nodes nodes) = planned.Remove(count, out var made) ? made : Build(count);
        CompiledGraph program = CompiledGraph.Compile(plan);
        List<Upload> uploads = [];
        Upload? UploadTo(Tensor? tensor)
        {
            if (tensor is null || !program.Inputs.Contains(tensor))
            {
                return null;
            }

            uploads.Add(program.Device.CreateUpload(program[tensor]));
            return uploads[^1];
        }

        try
        {
            graph = new Compiled(
                program,
                UploadTo(nodes.Images) ?? (derivatives is not null ? null : throw new ArgumentException(
                    $"{Module.GetType().Name}'s output does not depend on its input.", nameof(count))),
                UploadTo(nodes.Labels),
                UploadTo(nodes.Context?.Step),
                UploadTo(nodes.Context?.Share),
                [.. nodes.Context?.Next.Keys ?? []],
                [.. nodes.Gradients.Select(program.LastUseOf)],
                (nodes.Context?.Next.Values ?? Enumerable.Empty<Tensor>()).Append(nodes.Mean).Max(program.LastUseOf),
                derivatives is null ? program[nodes.Mean] : default,
                derivatives is null ? program[nodes.Output] : default);
        }
        catch
        {
            uploads.ForEach(upload => upload.Dispose());
            program.Dispose();
            throw;
        }

        compiled[count] = graph;
        return graph;
    }

    /// <summary>
    /// The memory that the graph for a batch size will take, kernels' own apart, in bytes. Nothing is taken yet.
    /// </summary>
    public long Plan(int count) => Planned(count).PlannedBytes;

    /// <summary>What the kernels of that graph will keep for themselves, such as packed Weights, in bytes.</summary>
    public long KernelBytes(int count) => Planned(count).KernelBytes;

    /// <summary>What they share with all kernels of the device, in bytes.</summary>
    public long SharedBytes(int count) => Planned(count).SharedBytes;

    private GraphCompiler Planned(int count)
    {
        if (!planned.TryGetValue(count, out var made))
        {
            planned[count] = made = Build(count);
        }

        return made.Plan;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Compiled graph in compiled.Values)
        {
            graph.Dispose();
        }

        compiled.Clear();
        last = null;
    }

    /// <summary>The memory that leaves of the graph are bound to.</summary>
    internal Dictionary<Tensor, Region> Bindings()
    {
        Dictionary<Tensor, Region> bindings = new(inputs);
        Arena.Bind(bindings, Weights);
        return bindings;
    }

    /// <summary>The tensors from the images to the mean loss.</summary>
    internal Nodes Forward(int count)
    {
        Tensor images = Tensor.Input(form.Batch(count), "images");
        Tensor labels = Tensor.Input(form.Target.ShapeOf(count), "labels");
        TrainingContext? context = trainingSeed is { } seed ? new TrainingContext(seed, statistics) : null;
        if (context is null)
        {
            Module.Eval();
        }
        else
        {
            Module.Train(context);
        }

        Tensor output = Module.Apply(images)
            ?? throw new InvalidOperationException($"{Module.GetType().Name}.Forward gave null in the place of a tensor.");
        Module.Eval();
        if (derivatives is not null)
        {
            return new Nodes(images, labels, context, output, output);
        }

        Tensor mean = loss(output, labels)
            ?? throw new InvalidOperationException("The loss gave null in the place of a tensor.");
        return mean.Shape.Count == 1
            ? new Nodes(images, labels, context, output, mean)
            : throw new ShapeException($"The loss must be one number, the mean over the batch, but has shape {mean.Shape}.");
    }

    private (GraphCompiler Plan, Nodes Nodes) Build(int count)
    {
        Nodes nodes = Forward(count);
        Tensor mean = nodes.Mean;
        Dictionary<Tensor, Region> bindings = Bindings();
        List<Tensor> outputs = derivatives is null ? [mean, nodes.Output] : [];
        if (States is not null)
        {
            foreach (StateTensor state in Arena.States)
            {
                bindings[state.Tensor] = States.Of(state);
            }
        }

        foreach ((StateTensor state, Tensor next) in nodes.Context?.Next ?? new Dictionary<StateTensor, Tensor>())
        {
            bindings[next] = States?.Of(state) ?? state.Region ?? throw new InvalidOperationException(
                $"State '{state.Name}' has no values yet: create a ParameterArena for its Module.");
            outputs.Add(next);
        }

        if (Gradients is not null)
        {
            AddGradient(mean, Gradients);
        }

        foreach ((Tensor scalar, DeviceBuffer gradient) in derivatives?.Of(nodes.Output, nodes.Labels) ?? [])
        {
            AddGradient(scalar, gradient);
        }

        // Those of the loss; of other scalars it isn't asked when they are there.
        void AddGradient(Tensor scalar, DeviceBuffer buffer)
        {
            Tensor[] gradient = scalar.Gradient([.. Arena.Parameters.Select(parameter => parameter.Tensor)]);
            for (int i = 0; i < gradient.Length; i++)
            {
                // A tensor of its own for each parameter: two may share one gradient, and a leaf is computed nowhere.
                Tensor own = bindings.ContainsKey(gradient[i]) || outputs.Contains(gradient[i]) || gradient[i].Operation is null
                    ? gradient[i] + 0f : gradient[i];
                bindings[own] = Arena.Segment(buffer, i);
                outputs.Add(own);
                nodes.Gradients.Add(own);
            }
        }

        Outputs = checked((int)(nodes.Output.Shape.Count / count));
        Classes = nodes.Output.Shape.Rank > 1 ? nodes.Output.Shape[-1] : 1;
        return (CompiledGraph.Plan(Arena.Device, outputs, bindings, precision), nodes);
    }

    /// <summary>
    /// Scalars of the model's output and the labels, each with the buffer that gets its gradient by the weights.
    /// </summary>
    internal sealed record Derivatives(Func<Tensor, Tensor, IEnumerable<(Tensor Scalar, DeviceBuffer Gradient)>> Of);

    /// <summary>What a graph is made of.</summary>
    internal sealed record Nodes(Tensor Images, Tensor Labels, TrainingContext? Context, Tensor Output, Tensor Mean)
    {
        /// <summary>The gradients by the parameters, in their order.</summary>
        public List<Tensor> Gradients { get; } = [];
    }

    /// <summary>A graph, the ways to its inputs, and where its results lie.</summary>
    /// <param name="Graph">The graph.</param>
    /// <param name="Images">The way to its samples.</param>
    /// <param name="Labels">To their targets.</param>
    /// <param name="Step">To the step's number.</param>
    /// <param name="Share">To the batch's share.</param>
    /// <param name="States">The states that it moves.</param>
    /// <param name="GradientsAt">Of each parameter, the launch behind which its gradient is there and read no more.</param>
    /// <param name="RestAt">The launch behind which the loss and the moved states are there.</param>
    /// <param name="Loss">Where the loss is.</param>
    /// <param name="Output">Where the output is.</param>
    internal sealed record Compiled(
        CompiledGraph Graph, Upload? Images, Upload? Labels, Upload? Step, Upload? Share, IReadOnlyList<StateTensor> States,
        int[] GradientsAt, int RestAt, Region Loss, Region Output) : IDisposable
    {
        /// <summary>The graph within a whole training step, once there was one.</summary>
        public Launch? WholeStep { get; set; }

        /// <summary>The launches behind which ranges of the gradient are there, once they were asked for.</summary>
        public int[]? RangesAt { get; set; }

        /// <inheritdoc/>
        public void Dispose()
        {
            WholeStep?.Dispose();
            Images?.Dispose();
            Labels?.Dispose();
            Step?.Dispose();
            Share?.Dispose();
            Graph.Dispose();
        }
    }
}
