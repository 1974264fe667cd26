using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>From tensors to launches: fuses elementwise chains, plans memory by liveness, binds kernels.</summary>
internal sealed class GraphCompiler
{
    private const int LargestExpression = 24;
    private static readonly HashSet<Type> Cheap =
        [typeof(AddFunction), typeof(SubtractFunction), typeof(MultiplyFunction), typeof(NegateFunction), typeof(
            SquareFunction), typeof(ReluFunction), typeof(StepFunction), typeof(StopGradientFunction)];

    private readonly Device device;
    private readonly IReadOnlyList<Tensor> outputs;
    private readonly IReadOnlyDictionary<Tensor, Region> bindings;
    private readonly RoundingPlan? rounding;
    private readonly Dictionary<Tensor, int> uses = [];
    private readonly Dictionary<Tensor, Region> regions = [];

    /// <summary>Leaves that are bound nowhere.</summary>
    private readonly List<Tensor> ownLeaves = [];

    private List<Tensor> order;
    private List<Step> steps = [];

    /// <summary>Where each intermediate lies, once planned.</summary>
    private SlabPlan? places;

    /// <summary>
    /// Tensors that are computed another way than the user wrote: products in bfloat16, and what moves behind a pooling.
    /// </summary>
    private readonly Dictionary<Tensor, (Operation Operation, ImmutableArray<Tensor> Inputs)> computed = [];

    public GraphCompiler(
        Device device, IReadOnlyList<Tensor> outputs, IReadOnlyDictionary<Tensor, Region> bindings,
        Precision precision = Precision.Single)
    {
        this.device = device;
        this.outputs = outputs;
        this.bindings = bindings;
        order = Gradients.Ordered([.. outputs]);
        if (precision == Precision.BFloat16)
        {
            rounding = new RoundingPlan(order, device, Base);
            order = rounding.Round(computed);
        }

        order = PoolingPlan.Move(order, outputs, computed);
    }

    public Dictionary<Tensor, Region> Public { get; } = [];

    public List<DeviceBuffer> Owned { get; } = [];

    /// <summary>The last launch that writes or reads a tensor's memory.</summary>
    public Dictionary<Tensor, int> Uses { get; } = [];

    /// <summary>The launches that were bound so far; they may hold memory of their own.</summary>
    public List<Launch> Launches { get; } = [];

    /// <summary>What each launch computes.</summary>
    public List<string> Names { get; } = [];

    public List<Tensor> OpenInputs { get; } = [];

    /// <summary>What is computed, in order, once planned; steps of the same time run together.</summary>
    public IReadOnlyList<Step> Steps => steps;

    public Device Device => device;

    /// <summary>
    /// The memory of everything between inputs and outputs, and of outputs that are bound nowhere, once planned.
    /// </summary>
    public long IntermediateBytes => (places?.Count ?? 0) * sizeof(float);

    /// <summary>All the memory that compiling will take, kernels' own apart, once planned.</summary>
    public long PlannedBytes => IntermediateBytes + (ownLeaves.Sum(leaf => leaf.Shape.Count) * sizeof(float));

    /// <summary>What kernels will keep for themselves beside that, such as packed weights, once planned.</summary>
    public long KernelBytes => device is CpuDevice cpu
        ? steps.Sum(step => step.Moments?.Moments.KernelBytes
            ?? step.Operation.KernelBytes(cpu, [.. step.Inputs.Select(input => input.Shape)]))
        : 0;

    /// <summary>What kernels will share with those of other graphs, once planned.</summary>
    public long SharedBytes => steps.Select(step => step.SharedBytes(device)).Append(0).Max();

    /// <summary>Decides what is computed where, without taking any memory.</summary>
    public void Plan()
    {
        BindLeaves();
        steps = device is GpuDevice { FusesMaps: true, JoinsPasses: true } and { } gpu ? ColumnPassPlan.Join(gpu, Fuse(), Base)
            : SweepPlan.Join(Fuse(), device is CpuDevice, Base);
        if (device is GpuDevice { RunsBeside: true })
        {
            steps = BesidePlan.Spread(steps, Base);
        }

        places = new SlabPlan(steps, outputs, regions.ContainsKey, Base);
    }

    /// <summary>Takes the planned memory and binds the kernels to it.</summary>
    public Launch[] Compile()
    {
        foreach (Tensor leaf in ownLeaves)
        {
            Region own = Allocate(leaf.Shape.Count, "a graph's inputs");
            regions[leaf] = own;
            if (leaf.Values is { } values)
            {
                own.Write(values);
            }
            else
            {
                OpenInputs.Add(leaf);
            }
        }

        if (places is { Count: > 0 })
        {
            DeviceBuffer values = device.AllocateUncleared(places.Count, "a graph's values between its inputs and outputs");
            Owned.Add(values);
            Region slab = new(values);
            foreach ((Tensor tensor, long offset) in places.Offsets)
            {
                regions[tensor] = slab.Slice(offset, tensor.Shape.Count);
            }
        }

        (device as GpuDevice)?.ReserveShared(SharedBytes);
        List<(int Until, Launch Launch)> beside = [];
        for (int i = 0; i < steps.Count;)
        {
            int first = i;
            while (i < steps.Count && steps[i].Time == steps[first].Time)
            {
                i++;
            }

            Bind(steps[first..i]);
            PutBeside(steps[first], beside);
            foreach (Step step in steps[first..i])
            {
                // By then what runs beside others has been waited for.
                int end = Math.Min(step.Until, steps[^1].Time);
                Uses[step.Output] = Uses[Base(step.Output)] = end;
                foreach (Tensor input in step.Inputs)
                {
                    Uses[Base(input)] = Math.Max(end, Uses.GetValueOrDefault(Base(input)));
                }
            }

            Names.Add(string.Join(" | ", steps[first..i]));
        }

        if (beside.Count > 0)
        {
            Launches[^1] = GpuDevice.Await([], Launches[^1], [.. beside.Select(one => one.Launch)]);
        }

        foreach (Tensor tensor in outputs.Concat(order.Where(node => node.Operation is null && node.Values is null)))
        {
            Public[tensor] = bindings.TryGetValue(tensor, out Region bound) ? bound : RegionOf(tensor);
        }

        return [.. Launches];
    }

    /// <summary>Adds the launch of steps that run together.</summary>
    private void Bind(List<Step> together)
    {
        if (together[0].Pass is { } pass)
        {
            Launches.Add(pass.Pass.Bind(
                (GpuDevice)device, [.. pass.Operands.Select(operand => operand.Shape)], [.. pass.Operands.Select(RegionOf)],
                [.. pass.Results.Select(RegionOf)]));
            return;
        }

        if (together is [{ Operation: FusedMap or FusedProduct } made, { CopyOf: not null } copy])
        {
            Shape[] shapes = [.. made.Inputs.Select(input => input.Shape)];
            Region[] inputs = [.. made.Inputs.Select(RegionOf)];
            (Region numbers, Region pairs) = (RegionOf(made.Output), RegionOf(copy.Output));
            Launches.Add(made.Operation is FusedProduct product
                ? product.Bind((GpuDevice)device, shapes, inputs, numbers, pairs)
                : new PairMap(((FusedMap)made.Operation).Expression, made.Output.Shape).Bind(
                    (GpuDevice)device, shapes, inputs, numbers, pairs));
            return;
        }

        if (together is [{ Output: var result }, { Operation: ProductMoments moments } gathering])
        {
            Launches.Add(moments.Bind(
                (GpuDevice)device, [.. gathering.Inputs.Select(input => input.Shape)], [.. gathering.Inputs.Select(RegionOf)],
                RegionOf(result), RegionOf(gathering.Output)));
            return;
        }

        // What fails meanwhile is disposed of with the launches so far.
        int before = Launches.Count;
        foreach (Step step in together.Where(step => !step.IsDone))
        {
            Shape[] shapes = [.. step.Inputs.Select(input => input.Shape)];
            Region[] inputs = [.. step.Inputs.Select(RegionOf)];
            Region output = step.Target ?? RegionOf(step.Output);
            Launches.Add(step.Moments is { } pair
                ? pair.Moments.Bind((CpuDevice)device, shapes, inputs, output, RegionOf(pair.Squares))
                : device.Bind(step.Operation, shapes, inputs, output));
        }

        Launch joined = device.Join(Launches[before..]);
        Launches.RemoveRange(before, Launches.Count - before);
        Launches.Add(joined);
    }

    /// <summary>Puts the last launch behind those beside it that end before it, or beside those that follow.</summary>
    private void PutBeside(Step step, List<(int Until, Launch Launch)> beside)
    {
        if (device is not GpuDevice gpu)
        {
            return;
        }

        Launch[] ending = [.. beside.Where(one => one.Until == step.Time).Select(one => one.Launch)];
        beside.RemoveAll(one => one.Until == step.Time);
        if (step.Until > step.Time)
        {
            Launches[^1] = gpu.Beside(Launches[^1]);
            beside.Add((step.Until, Launches[^1]));
        }

        Launches[^1] = GpuDevice.Await(ending, Launches[^1], []);
    }

    /// <summary>The tensor whose memory a view shows.</summary>
    public static Tensor Base(Tensor tensor)
    {
        while (tensor.Operation is Reshape or PairSpan)
        {
            tensor = tensor.Inputs[0];
        }

        return tensor;
    }

    private ImmutableArray<Tensor> InputsOf(Tensor node) =>
        computed.TryGetValue(node, out var other) ? other.Inputs : node.Inputs;

    private Operation? OperationOf(Tensor node) => computed.TryGetValue(node, out var other) ? other.Operation : node.Operation;

    private Region RegionOf(Tensor tensor) => tensor.Operation switch
    {
        Reshape => RegionOf(tensor.Inputs[0]),
        PairSpan part => RegionOf(tensor.Inputs[0]).Slice(part.Start, tensor.Shape.Count),
        _ => regions[tensor],
    };

    private void BindLeaves()
    {
        foreach (Tensor leaf in order.Where(node => node.Operation is null))
        {
            if (leaf.Values is null && bindings.TryGetValue(leaf, out Region bound))
            {
                if (bound.Count != leaf.Shape.Count || bound.Buffer.Device != device)
                {
                    throw new ArgumentException(
                        $"'{leaf.Name}' {leaf.Shape} is bound to {bound.Count} floats on {bound.Buffer.Device.Name}; it needs " +
                        $"{leaf.Shape.Count} on {device.Name}.");
                }

                regions[leaf] = bound;
            }
            else if (leaf.Parameter is not null || leaf.State is not null)
            {
                regions[leaf] = (leaf.Parameter?.Region ?? leaf.State?.Region) is { } region && region.Buffer.Device == device
                    ? region
                    : throw new InvalidOperationException(
                        $"{(leaf.Parameter is null ? "State" : "Parameter")} '{leaf.Parameter?.Name ?? leaf.State?.Name}' has " +
                            $"no values on {device.Name} yet. Keep its layer in a field, array or list of the network, which " +
                            "looks for its parts there; without a Trainer, create a ParameterArena for the network first.");
            }
            else
            {
                ownLeaves.Add(leaf);
            }
        }
    }

    private Region Allocate(long count, string purpose)
    {
        DeviceBuffer buffer = device.Allocate(count, purpose);
        Owned.Add(buffer);
        return new Region(buffer);
    }

    /// <summary>
    /// The launches in order. What products can't read as pairs of bfloat16 is not rounded before them: that changes what else
    /// goes together.
    /// </summary>
    private List<Step> Fuse()
    {
        List<Step> result = Fused();
        while (rounding is { Pairs.Count: > 0 })
        {
            PairPlan pairs = new(result, device, rounding.Pairs, outputs.Select(Base).ToHashSet(), Base);
            if (!rounding.Refuse(pairs.Stored))
            {
                result = pairs.WithPairs(regions);
                break;
            }

            computed.Clear();
            order = PoolingPlan.Move(rounding.Round(computed), outputs, computed);
            result = Fused();
        }

        Advance(result);
        BindOutputs(result);
        return result;
    }

    /// <summary>
    /// The steps in order. A map goes into the map of the same shape or the reduction that consumes it, if the joined
    /// expression takes few enough arguments: where that is its only consumer, and where it is light, so that its consumers read
    /// no more memory by computing it again than by reading it. A view goes away.
    /// </summary>
    private List<Step> Fused()
    {
        uses.Clear();
        foreach (Tensor node in order)
        {
            foreach (Tensor input in InputsOf(node))
            {
                uses[input] = uses.GetValueOrDefault(input) + 1;
            }
        }

        HashSet<Tensor> kept = [.. outputs.Select(Base)];
        HashSet<Tensor> inMemory = [.. order.SelectMany(node => InputsOf(node).Where(input => !MayTake(node, input)))];
        Dictionary<Tensor, (Expression Expression, List<Tensor> Inputs)> fused = [];
        Dictionary<Tensor, Step> steps = [];
        foreach (Tensor node in order)
        {
            if (OperationOf(node) is not { } operation || operation is Reshape)
            {
                continue;
            }

            ImmutableArray<Tensor> inputs = InputsOf(node);
            FusedReduce? reduction = AsReduction(node);
            if (((operation as FusedMap)?.Expression ?? reduction?.Expression) is not { } own)
            {
                steps[node] = new Step(operation, inputs, node);
                continue;
            }

            if (!RuntimeFeature.IsDynamicCodeSupported)
            {
                // No type can be closed over a composed expression.
                steps[node] = new Step(reduction ?? operation, inputs, node);
                continue;
            }

            List<Tensor> arguments = [];
            Expression[] replacements = new Expression[inputs.Length];
            for (int i = 0; i < inputs.Length; i++)
            {
                Tensor input = reduction is null ? Unstretched(inputs[i], node.Shape) : inputs[i];
                bool canJoin = fused.TryGetValue(input, out var producer)
                    && !kept.Contains(input) && MayTake(node, input)
                    && !StaysWithProduct(input, producer.Expression, producer.Inputs)
                    && (uses[input] == 1
                        || (!inMemory.Contains(input) && IsLight(producer.Expression, producer.Inputs, input.Shape)))
                    && producer.Expression.Size + own.Size < LargestExpression
                    && CountAfter(arguments, producer.Inputs, inputs.Length - i - 1) <= Expression.MaxArguments;
                replacements[i] = canJoin
                    ? producer.Expression.Substitute([.. producer.Inputs.Select(argument => Argument(arguments, argument))])
                    : Argument(arguments, input);
            }

            Expression expression = own.Substitute(replacements);
            FusedReduce? joined = reduction is null ? null : reduction with { Expression = expression };
            if (reduction is null)
            {
                fused[node] = (expression, arguments);
                steps[node] = new Step(new FusedMap(expression, node.Shape), [.. arguments], node);
            }
            else
            {
                steps[node] = arguments.SequenceEqual(inputs)
                    || !joined!.IsOnePass(device, [.. arguments.Select(argument => argument.Shape)])
                    ? new Step(operation, inputs, node)
                    : new Step(joined, [.. arguments], node);
            }
        }

        // What nobody reads any more was computed by its consumers.
        HashSet<Tensor> wanted = kept;
        foreach (Tensor node in order.AsEnumerable().Reverse())
        {
            if (wanted.Contains(node) && steps.TryGetValue(node, out Step? step))
            {
                wanted.UnionWith(step.Inputs.Select(Base));
            }
        }

        List<Step> result =
            [.. order.Where(node => wanted.Contains(node) && steps.ContainsKey(node)).Select(node => steps[node])];
        return EpiloguePlan.Join(result, device, outputs.Select(Base).ToHashSet(), Base);
    }

    /// <summary>
    /// An output that is little more than another, such as a gradient that two parameters share, follows that at once, not when
    /// all else has been computed: whoever waits for it has it as early.
    /// </summary>
    private void Advance(List<Step> steps)
    {
        HashSet<Tensor> wanted = [.. outputs.Select(Base)];
        for (int i = 0; i < steps.Count; i++)
        {
            Step step = steps[i];
            if (step.Operation is FusedMap && wanted.Contains(step.Output)
                && step.Inputs.Any(input => wanted.Contains(Base(input))))
            {
                int behind = steps.FindLastIndex(i, other => step.Inputs.Any(input => Base(input) == other.Output));
                steps.RemoveAt(i);
                steps.Insert(behind + 1, step);
            }
        }
    }

    /// <summary>The one number of which a tensor consists of copies, which a map stretches itself; else the tensor.</summary>
    private static Tensor Unstretched(Tensor tensor, Shape target) =>
        Base(tensor) is { Operation: FusedMap { Expression.Size: 0 }, Inputs: [{ Shape.Count: 1 } number] }
            && number.Shape.Rank <= target.Rank ? number : tensor;

    /// <summary>
    /// Whether a map may be computed by what consumes it: a map of the same shape, or a reduction over that shape.
    /// </summary>
    private bool MayTake(Tensor consumer, Tensor map) =>
        map.Shape == (OperationOf(consumer) is FusedMap ? consumer.Shape : AsReduction(consumer)?.Source);

    /// <summary>
    /// Whether a map that several read, such as a bias or the ReLU behind it, is computed as its product stores: those that read
    /// it read no more than they would of the product, and what they compute of it may be light for that, so that less is kept in
    /// single precision beside pairs.
    /// </summary>
    private bool StaysWithProduct(Tensor map, Expression expression, List<Tensor> arguments) =>
        rounding is { Pairs.Count: > 0 } && uses[map] > 1 && arguments is [var product, ..] && uses[product] == 1
            && computed.TryGetValue(product, out var bound) && bound.Operation.WithEpilogue(
                device, expression, map.Shape, [.. arguments.Skip(1).Select(input => input.Shape)]) is not null;

    private FusedReduce? AsReduction(Tensor node) =>
        device is CpuDevice or GpuDevice { FusesMaps: true }
            ? OperationOf(node)?.AsReduction([.. InputsOf(node).Select(input => input.Shape)]) : null;

    /// <summary>
    /// A few cheap functions of at most one tensor of the map's size; others, such as a value a channel, are small.
    /// </summary>
    private static bool IsLight(Expression expression, List<Tensor> arguments, Shape shape)
    {
        const int LargestLight = 4;
        return expression.Size <= LargestLight && expression.AppliesOnly(Cheap)
            && arguments.Count(argument => argument.Shape.Count == shape.Count) <= 1;
    }

    private void BindOutputs(List<Step> steps)
    {
        // Outputs with memory of their own to go to: computed there where nothing else claims it, else copied.
        foreach (Tensor output in outputs.Distinct())
        {
            if (!bindings.TryGetValue(output, out Region target))
            {
                continue;
            }

            if (target.Count != output.Shape.Count || target.Buffer.Device != device)
            {
                throw new ArgumentException(
                    $"The output {output} is bound to {target.Count} floats on {target.Buffer.Device.Name}; it needs " +
                    $"{output.Shape.Count} on {device.Name}.");
            }

            if (Base(output) is { Operation: not null } source && !Overwrites(steps, source, target)
                && regions.TryAdd(source, target))
            {
                continue;
            }

            if (output.Operation is not null || output.Values is not null)
            {
                steps.Add(new Step(FusedMap.BroadcastTo(output.Shape), [output], output, target));
            }
        }
    }

    /// <summary>
    /// Whether computing a tensor in its target would change a leaf that lies there before its last reader has read it. A map
    /// that is the only reader, such as h ← h + g², may work in place.
    /// </summary>
    private bool Overwrites(List<Step> steps, Tensor source, Region target) =>
        regions.Any(leaf => Overlap(leaf.Value, target) && steps.Any(step =>
            step.Inputs.Any(input => Base(input) == leaf.Key)
            && !(step.Output == source && step.Operation is FusedMap && leaf.Value == target
                && step.Inputs.All(input => Base(input) != leaf.Key || input.Shape == source.Shape))));

    private static bool Overlap(Region a, Region b) => a.Buffer == b.Buffer && a.Start < b.Start + b.Count
        && b.Start < a.Start + a.Count;

    private static Expression Argument(List<Tensor> arguments, Tensor tensor)
    {
        int index = arguments.IndexOf(tensor);
        if (index < 0)
        {
            index = arguments.Count;
            arguments.Add(tensor);
        }

        return Expression.Argument(index);
    }

    private static int CountAfter(List<Tensor> arguments, List<Tensor> added, int open) =>
        arguments.Count + added.Count(tensor => !arguments.Contains(tensor)) + open;

    /// <summary>An operation on tensors.</summary>
    /// <param name="Operation">The operation.</param>
    /// <param name="Inputs">What it reads.</param>
    /// <param name="Output">What it makes.</param>
    /// <param name="Target">Where that goes; null for the place of the output.</param>
    internal sealed record Step(Operation Operation, ImmutableArray<Tensor> Inputs, Tensor Output, Region? Target = null)
    {
        /// <summary>When it runs: steps that run together have the same.</summary>
        public int Time { get; init; }

        /// <summary>When at the latest it has been done: later than <see cref="Time"/> where it runs beside others.</summary>
        public int Until { get => Math.Max(field, Time); init; }

        /// <summary>The tensor of which it stores a copy in bfloat16, by what makes that; null for all others.</summary>
        public Tensor? CopyOf { get; init; }

        /// <summary>Whether a single other step reads that tensor, which need not be in memory where that is its sum.</summary>
        public bool IsReadAlone { get; init; }

        /// <summary>Of the first of the steps that are one pass of a GPU, that pass.</summary>
        public BoundPass? Pass { get; init; }

        /// <summary>Of a sum that is taken together with the squares about its mean: how, and what gets these.</summary>
        public (Moments Moments, Tensor Squares)? Moments { get; init; }

        /// <summary>Whether an earlier step of the same time does it.</summary>
        public bool IsDone { get; init; }

        /// <summary>What the kernel shares with others of the device.</summary>
        public long SharedBytes(Device device)
        {
            Shape[] shapes = [.. Inputs.Select(input => input.Shape)];
            return device switch
            {
                CpuDevice cpu => Operation.SharedBytes(cpu, shapes),
                GpuDevice gpu => Operation.SharedBytes(gpu, shapes),
                _ => 0,
            };
        }

        /// <summary>Multiply(x0, Step(x1)) of (64, 10), (64, 10) → (64, 10)</summary>
        public override string ToString()
        {
            string name = Operation switch
            {
                FusedMap map => map.Expression.ToString(),
                FusedReduce reduce => $"{reduce.Reduction.Kind} {reduce.Expression}",
                { } other => other.Name,
            };
            return $"{name} of {string.Join(", ", Inputs.Select(Shown))} → {Shown(Output)}";
        }

        // Pairs by the numbers that they hold.
        private static string Shown(Tensor tensor) => Base(tensor).Operation is PairMap or FusedProduct { StoresPairs: true }
            ? $"{PairMap.NumbersIn(tensor.Shape)} bf16" : tensor.Shape.ToString();
    }

    /// <summary>A pass over columns with its tensors.</summary>
    /// <param name="Pass">The pass.</param>
    /// <param name="Operands">What it reads.</param>
    /// <param name="Results">What it makes.</param>
    internal sealed record BoundPass(ColumnPass Pass, ImmutableArray<Tensor> Operands, ImmutableArray<Tensor> Results);
}
