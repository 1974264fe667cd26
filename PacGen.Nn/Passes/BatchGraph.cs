using PacGen.Core.Bounds;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The graph of a model's loss on a batch, and of its gradients where a buffer for them is given, compiled once for each batch
/// size that comes.
/// </summary>
internal sealed class BatchGraph : IDisposable
{
    /// <summary>Steps are told to the graph as floats, which count so far.</summary>
    private const long LargestStep = 0xFF_FFFF;

    private readonly Module module;
    private readonly ParameterArena arena;
    private readonly DeviceBuffer weights;
    private readonly DeviceBuffer? gradients;
    private readonly Func<Tensor, Tensor, Tensor> loss;
    private readonly int[] image;
    private readonly ulong? trainingSeed;
    private readonly RunningStatistics statistics;
    private readonly IReadOnlyDictionary<Tensor, Region> inputs;
    private readonly StateUpdate? states;
    private readonly Dictionary<int, Compiled> compiled = [];
    private readonly Dictionary<int, (GraphCompiler Plan, Nodes Nodes)> planned = [];
    private readonly float[] scalar = new float[1];
    private Compiled? last;

    /// <param name="module">The model.</param>
    /// <param name="arena">Its parameters.</param>
    /// <param name="weights">The buffer of the arena's layout that the model runs with: w, or w + u.</param>
    /// <param name="gradients">The buffer of the arena's layout that gets the gradients, or null for none.</param>
    /// <param name="loss">The loss from the model's output and the labels.</param>
    /// <param name="image">The extents of one image.</param>
    /// <param name="trainingSeed">The seed for dropout and the like in training mode, or null for evaluation mode.</param>
    /// <param name="statistics">What a pass in training mode does to running statistics.</param>
    /// <param name="inputs">Memory of further leaves that the loss reads, such as the direction of a Hessian-vector
    /// product.</param>
    /// <param name="states">Where a pass in training mode reads and writes the model's state; null for the state itself.</param>
    public BatchGraph(
        Module module,
        ParameterArena arena,
        DeviceBuffer weights,
        DeviceBuffer? gradients,
        Func<Tensor, Tensor, Tensor> loss,
        int[] image,
        ulong? trainingSeed,
        RunningStatistics statistics = RunningStatistics.FromTrainingPass,
        IReadOnlyDictionary<Tensor, Region>? inputs = null,
        StateUpdate? states = null)
    {
        this.module = module;
        this.arena = arena;
        this.weights = weights;
        this.gradients = gradients;
        this.loss = loss;
        this.image = image;
        this.trainingSeed = trainingSeed;
        this.statistics = statistics;
        this.inputs = inputs ?? new Dictionary<Tensor, Region>();
        this.states = states;
    }

    /// <summary>How many classes the last batch's output distinguished.</summary>
    public int Classes { get; private set; }

    /// <summary>Runs a batch. The loss is read with <see cref="Loss"/>, the output with <see cref="Output"/>.</summary>
    /// <param name="images">The images of the batch, one after the other.</param>
    /// <param name="labels">Their labels.</param>
    /// <param name="step">The step number, for dropout.</param>
    /// <param name="share">The batch's share in running statistics that are re-estimated.</param>
    public void Run(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, long step = 0, double share = 1)
    {
        Compiled graph = Send(images, labels, step, share);
        graph.Graph.Run();
    }

    /// <summary>Runs a batch as the pass of a whole training step.</summary>
    /// <param name="images">The images of the batch, one after the other.</param>
    /// <param name="labels">Their labels.</param>
    /// <param name="step">The step number, for dropout.</param>
    /// <param name="session">The optimizer, whose step was begun.</param>
    /// <returns>False where steps are waited for: nothing was done.</returns>
    public bool TryRunStep(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, long step, OptimizerSession session)
    {
        Compiled graph = For(labels.Length);
        if ((graph.WholeStep ??= session.Program(graph.Graph.Parts, graph.Loss)) is not { } program)
        {
            return false;
        }

        Send(images, labels, step, 1);
        session.Run(program);
        GC.KeepAlive(graph.Graph);
        return true;
    }

    /// <summary>
    /// The pass over the last batch once more, which is in place; as the pass of a whole training step where that can be one.
    /// </summary>
    /// <returns>Whether it was a whole step.</returns>
    public bool RunAgain(OptimizerSession session)
    {
        if ((last!.WholeStep ??= session.Program(last.Graph.Parts, last.Loss)) is { } program)
        {
            session.Run(program);
            GC.KeepAlive(last.Graph);
            return true;
        }

        last.Graph.Run();
        return false;
    }

    private Compiled Send(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, long step, double share)
    {
        Compiled graph = For(labels.Length);
        graph.Images.Write(images);
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

    /// <summary>
    /// How many images of the last batch the model classifies as their label; the first of equal outputs counts.
    /// </summary>
    public int Correct(ReadOnlySpan<float> labels, ref float[] outputs)
    {
        ReadOutputs(labels.Length, ref outputs);
        int correct = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            correct += ClassLoss.Largest(outputs.AsSpan(i * Classes, Classes)) == (int)labels[i] ? 1 : 0;
        }

        return correct;
    }

    /// <summary>Adds the 0-1 loss and the bounded cross-entropy of each image of the last batch.</summary>
    public void AddLosses(
        ReadOnlySpan<float> labels, BoundedCrossEntropy bounded, ref float[] outputs, ref double zeroOne, ref double crossEntropy)
    {
        ReadOutputs(labels.Length, ref outputs);
        for (int i = 0; i < labels.Length; i++)
        {
            (double wrong, double entropy) = ClassLoss.Of(outputs.AsSpan(i * Classes, Classes), (int)labels[i], bounded);
            zeroOne += wrong;
            crossEntropy += entropy;
        }
    }

    private void ReadOutputs(int count, ref float[] outputs)
    {
        if (outputs.Length < count * Classes)
        {
            outputs = new float[count * Classes];
        }

        Output(outputs.AsSpan(0, count * Classes));
    }

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
                UploadTo(nodes.Images) ?? throw new ArgumentException(
                    $"{module.GetType().Name}'s output does not depend on its input.", nameof(count)),
                UploadTo(nodes.Labels),
                UploadTo(nodes.Context?.Step),
                UploadTo(nodes.Context?.Share),
                [.. nodes.Context?.Next.Keys ?? []],
                program[nodes.Mean],
                program[nodes.Output]);
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

    /// <summary>What the kernels of that graph will keep for themselves, such as packed weights, in bytes.</summary>
    public long KernelBytes(int count) => Planned(count).KernelBytes;

    private GraphCompiler Planned(int count)
    {
        if (!planned.TryGetValue(count, out var made))
        {
            planned[count] = made = Build(count);
        }

        return made.Plan;
    }

    /// <summary>
    /// Where the pass over a batch first has a number that is not finite: in the weights, in what a module makes of them, or in a
    /// gradient. The pass is taken anew, with everything between kept; the graphs that were compiled are given up for its memory.
    /// </summary>
    /// <param name="images">The images of the batch.</param>
    /// <param name="labels">Their labels.</param>
    /// <param name="step">The step number, for dropout.</param>
    /// <returns>The place, or null where all is finite.</returns>
    public NonFiniteOrigin? FindNonFinite(ReadOnlySpan<float> images, ReadOnlySpan<float> labels, long step)
    {
        if (NonFiniteOrigin.InArena(arena, arena.Weights) is { } lost)
        {
            return new NonFiniteOrigin(
                NonFiniteOrigin.ModuleOf(lost.Parameter.Name),
                $"{lost.Parameter.Name}, which has a weight {lost.Value} before the step", "start from weights that are finite");
        }

        if (weights != arena.Weights && NonFiniteOrigin.InArena(arena, weights) is { } moved)
        {
            return new NonFiniteOrigin(
                NonFiniteOrigin.ModuleOf(moved.Parameter.Name), $"{moved.Parameter.Name}, which the perturbation made " +
                    $"{moved.Value}", "perturb less: a larger η, a smaller γ; or lower the learning rate");
        }

        if ((trainingSeed is null || states is not null)
            && arena.States.FirstOrDefault(state => NonFiniteOrigin.First(state.Region!.Value) is not null) is { } statistic)
        {
            return new NonFiniteOrigin(
                NonFiniteOrigin.ModuleOf(statistic.Name), $"{statistic.Name}, which is " +
                $"{NonFiniteOrigin.First(statistic.Region!.Value)}{(states is null ? "" : " before the step")}", states is null
                ? null : "start from a state that is finite");
        }

        Dispose();
        LayerTrace trace = new();
        module.Trace(trace);
        Nodes nodes;
        try
        {
            nodes = Forward(labels.Length);
        }
        finally
        {
            module.Trace(null);
        }

        Tensor[] made = [.. Gradients.Ordered([nodes.Output, nodes.Mean, .. nodes.Context?.Next.Values ?? []]).Where(
            node => node.Operation is not (null or PacGen.Kernels.Reshape))];
        Dictionary<Tensor, Region> bindings = new(inputs);
        arena.Bind(bindings, weights);
        using (CompiledGraph graph = CompiledGraph.Compile(arena.Device, made, bindings))
        {
            foreach (Tensor input in graph.Inputs)
            {
                graph[input].Write(
                    input == nodes.Images ? images : input == nodes.Labels ? labels
                    : [input == nodes.Context?.Step ? step & LargestStep : 1]);
            }

            graph.Run();
            foreach (Tensor node in made)
            {
                if (NonFiniteOrigin.First(graph[node]) is { } value)
                {
                    (string Path, string? Type)? place = trace.Find(node);
                    string where = place is { } known ? $"{known.Path}{(known.Type is null ? "" : $" ({known.Type})")}"
                        : node.Order > nodes.Output.Order ? "the loss"
                        : module.GetType().Name + (made.TakeWhile(other => other != node).Select(trace.Find).LastOrDefault(
                            other => other is not null) is { } behind ? $" behind {behind.Path}" : "");
                    return new NonFiniteOrigin(place?.Path, $"{where}, whose {node} has a value {value}");
                }
            }
        }

        if (gradients is null)
        {
            return null;
        }

        // Backwards the last layers come first.
        Tensor[] gradient = nodes.Mean.Gradient([.. arena.Parameters.Select(parameter => parameter.Tensor)]);
        return NonFiniteOrigin.InArena(arena, gradients, Enumerable.Range(0, gradient.Length).OrderBy(i => gradient[i].Order))
            is { } lostGradient
            ? new NonFiniteOrigin(
                NonFiniteOrigin.ModuleOf(lostGradient.Parameter.Name), $"the gradient of {lostGradient.Parameter.Name}, which " +
                $"has a value {lostGradient.Value} while the outputs of all layers are finite")
            : null;
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

    /// <summary>The tensors from the images to the mean loss.</summary>
    private Nodes Forward(int count)
    {
        Tensor images = Tensor.Input(new Shape([count, .. image]), "images");
        Tensor labels = Tensor.Input(new Shape(count), "labels");
        TrainingContext? context = trainingSeed is { } seed ? new TrainingContext(seed, statistics) : null;
        if (context is null)
        {
            module.Eval();
        }
        else
        {
            module.Train(context);
        }

        Tensor output = module.Apply(images);
        module.Eval();
        Tensor mean = loss(output, labels);
        return mean.Shape.Count == 1
            ? new Nodes(images, labels, context, output, mean)
            : throw new ShapeException($"The loss must be one number, the mean over the batch, but has shape {mean.Shape}.");
    }

    private (GraphCompiler Plan, Nodes Nodes) Build(int count)
    {
        Nodes nodes = Forward(count);
        Tensor mean = nodes.Mean;
        Dictionary<Tensor, Region> bindings = new(inputs);
        arena.Bind(bindings, weights);
        List<Tensor> outputs = [mean, nodes.Output];
        if (states is not null)
        {
            foreach (StateTensor state in arena.States)
            {
                bindings[state.Tensor] = states.Of(state);
            }
        }

        foreach ((StateTensor state, Tensor next) in nodes.Context?.Next ?? new Dictionary<StateTensor, Tensor>())
        {
            bindings[next] = states?.Of(state) ?? state.Region ?? throw new InvalidOperationException(
                $"State '{state.Name}' has no values yet: create a ParameterArena for its module.");
            outputs.Add(next);
        }

        if (gradients is not null)
        {
            Tensor[] gradient = mean.Gradient([.. arena.Parameters.Select(parameter => parameter.Tensor)]);
            for (int i = 0; i < gradient.Length; i++)
            {
                // A tensor of its own for each parameter: two may share one gradient, and a leaf is computed nowhere.
                Tensor own = bindings.ContainsKey(gradient[i]) || outputs.Contains(gradient[i]) || gradient[i].Operation is null
                    ? gradient[i] + 0f : gradient[i];
                bindings[own] = arena.Segment(gradients, i);
                outputs.Add(own);
            }
        }

        Classes = nodes.Output.Shape.Rank > 1 ? nodes.Output.Shape[-1] : 1;
        return (CompiledGraph.Plan(arena.Device, outputs, bindings), nodes);
    }

    private sealed record Nodes(Tensor Images, Tensor Labels, TrainingContext? Context, Tensor Output, Tensor Mean);

    /// <summary>A graph, the ways to its inputs, and where its results lie.</summary>
    internal sealed record Compiled(
        CompiledGraph Graph, Upload Images, Upload? Labels, Upload? Step, Upload? Share, IReadOnlyList<StateTensor> States,
        Region Loss, Region Output) : IDisposable
    {
        /// <summary>The graph within a whole training step, once there was one.</summary>
        public Launch? WholeStep { get; set; }

        /// <inheritdoc/>
        public void Dispose()
        {
            WholeStep?.Dispose();
            Images.Dispose();
            Labels?.Dispose();
            Step?.Dispose();
            Share?.Dispose();
            Graph.Dispose();
        }
    }
}
