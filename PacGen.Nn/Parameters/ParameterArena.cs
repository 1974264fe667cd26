using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// All m parameters of a model in one contiguous buffer w, in the modules' order; gradients, h, optimizer states and the
/// perturbed copy are buffers of the same layout. What the model keeps beside its parameters lies in one buffer of its own.
/// </summary>
public sealed class ParameterArena : IDisposable
{
    private const uint InitializationStream = 0x494E_4954;
    private readonly Parameter[] parameters;
    private readonly StateTensor[] states;
    private readonly long[] starts;
    private readonly ulong seed;

    /// <summary>
    /// Makes the arena of a module on a device and draws the first values. The module's parameters then live here, no longer in
    /// an earlier arena.
    /// </summary>
    /// <param name="module">The outermost module.</param>
    /// <param name="device">Where the parameters live.</param>
    /// <param name="seed">Decides the first values.</param>
    /// <exception cref="ArgumentException">The module has no parameters, or more than an arena holds.</exception>
    public ParameterArena(Module module, Device device, ulong seed)
        : this(module, device, seed, draw: true)
    {
    }

    /// <summary>
    /// An arena whose values are drawn later, by <see cref="Draw"/>: until then it takes next to no memory on the CPU.
    /// </summary>
    internal ParameterArena(Module module, Device device, ulong seed, bool draw)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(device);
        parameters = [.. module.Parameters];
        if (parameters.Length == 0)
        {
            throw new ArgumentException($"{module.GetType().Name} has no parameters: nothing to train.", nameof(module));
        }

        if (parameters.CountBy(parameter => parameter.Name).FirstOrDefault(name => name.Value > 1) is { Key: { } twice })
        {
            throw new ArgumentException(
                $"{module.GetType().Name} has two parameters called {twice}, so that no file could hold both: give one of " +
                    "the two fields another name, which counts without its underscore.", nameof(module));
        }

        Device = device;
        starts = new long[parameters.Length];
        for (int i = 0; i < parameters.Length; i++)
        {
            starts[i] = Count;
            Count += parameters[i].Shape.Count;
        }

        if (Count > Array.MaxLength)
        {
            throw new ArgumentException(
                $"{module.GetType().Name} has {Count:N0} parameters, more than the {Array.MaxLength:N0} that one model may " +
                    $"have: take a smaller one.", nameof(module));
        }

        this.seed = seed;
        states = [.. module.State];
        Weights = device.AllocateUncleared(Count, "the model's weights");
        try
        {
            for (int i = 0; i < parameters.Length; i++)
            {
                parameters[i].Region = Segment(Weights, i);
            }

            if (draw)
            {
                Draw();
            }

            long stateCount = states.Sum(state => state.Shape.Count);
            if (stateCount > 0)
            {
                State = device.Allocate(stateCount, "the model's state");
                long start = 0;
                foreach (StateTensor state in states)
                {
                    state.Region = new Region(State).Slice(start, state.Shape.Count);
                    start += state.Shape.Count;
                    state.Region.Value.Write(state.Initial);
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Draws the first values of the parameters.</summary>
    internal void Draw()
    {
        for (int i = 0; i < parameters.Length; i++)
        {
            Parameter parameter = parameters[i];
            float[] values = new float[parameter.Shape.Count];
            RandomStream random = new(seed, InitializationStream, (uint)i);
            parameter.Initializer.Fill(parameter.Shape, values, ref random);
            parameter.Region!.Value.Write(values);
        }
    }

    /// <summary>Where the parameters live.</summary>
    public Device Device { get; }

    /// <summary>
    /// How whatever passes over samples at these parameters takes its sums, and on which processes. All of these make the same
    /// calls.
    /// </summary>
    public DataParallel Parallel { get; set; } = DataParallel.Alone;

    /// <summary>m, the number of parameters.</summary>
    public long Count { get; }

    /// <summary>The weights w.</summary>
    public DeviceBuffer Weights { get; }

    /// <summary>The parameters in the arena's order.</summary>
    public IReadOnlyList<Parameter> Parameters => parameters;

    /// <summary>The model's state that is no parameter, one after the other; null where it has none.</summary>
    public DeviceBuffer? State { get; }

    /// <summary>What lies in <see cref="State"/>, in its order.</summary>
    public IReadOnlyList<StateTensor> States => states;

    /// <summary>The part of a buffer of this layout that belongs to parameter <paramref name="index"/>.</summary>
    /// <param name="buffer">A buffer of m floats.</param>
    /// <param name="index">The parameter, from 0 in the order of <see cref="Parameters"/>.</param>
    public Region Segment(DeviceBuffer buffer, int index) =>
        new Region(buffer).Slice(starts[index], parameters[index].Shape.Count);

    /// <summary>
    /// Binds every parameter's leaf to its part of a buffer of this layout: the weights, or their perturbed copy.
    /// </summary>
    /// <param name="bindings">What leaves are bound to; it is added to.</param>
    /// <param name="buffer">A buffer of this layout: m floats.</param>
    public void Bind(Dictionary<Tensor, Region> bindings, DeviceBuffer buffer)
    {
        ArgumentNullException.ThrowIfNull(bindings);
        for (int i = 0; i < parameters.Length; i++)
        {
            bindings[parameters[i].Tensor] = Segment(buffer, i);
        }
    }

    /// <summary>The weights, copied to the host.</summary>
    public float[] Save() => new Region(Weights).ToArray();

    /// <summary>Replaces the weights.</summary>
    /// <param name="values">m floats in the arena's order.</param>
    /// <exception cref="ArgumentException">The number of values is not m.</exception>
    public void Load(ReadOnlySpan<float> values)
    {
        if (values.Length != Count)
        {
            throw new ArgumentException($"{values.Length} values don't fill an arena of {Count} parameters.", nameof(values));
        }

        Weights.Write(0, values);
    }

    /// <summary>The state, copied to the host; empty where the model has none.</summary>
    public float[] SaveState() => State is null ? [] : new Region(State).ToArray();

    /// <summary>Replaces the state.</summary>
    /// <param name="values">The state's floats in the arena's order, as <see cref="SaveState"/> gives them.</param>
    /// <exception cref="ArgumentException">The number of values is not that of the state.</exception>
    public void LoadState(ReadOnlySpan<float> values)
    {
        long count = State?.Count ?? 0;
        if (values.Length != count)
        {
            throw new ArgumentException($"{values.Length} values don't fill a state of {count} numbers.", nameof(values));
        }

        State?.Write(0, values);
    }

    /// <summary>Nothing is worked out from weights or state that are NaN or infinite.</summary>
    /// <param name="what">What can't be done with them, as a sentence's beginning.</param>
    /// <param name="step">The step that they are of, where it is known.</param>
    /// <exception cref="TrainingException">A number is not finite; the message names its parameter or state.</exception>
    internal void RequireFinite(string what, long? step = null)
    {
        if (NonFiniteOrigin.InArena(this, Weights) is { } weight)
        {
            throw NotFinite(what, step, weight.Parameter.Name, weight.Value);
        }

        RequireFiniteState(what, step);
    }

    /// <summary>The same of the state alone.</summary>
    internal void RequireFiniteState(string what, long? step = null)
    {
        foreach (StateTensor state in states)
        {
            if (NonFiniteOrigin.First(state.Region!.Value) is { } value)
            {
                throw NotFinite(what, step, state.Name, value);
            }
        }
    }

    private static TrainingException NotFinite(string what, long? step, string name, float value) =>
        new($"{what} while {name} has a value {value}: load weights and statistics that are finite, or train again with a " +
            $"lower learning rate.")
        {
            Step = step,
            Layer = NonFiniteOrigin.ModuleOf(name),
        };

    /// <inheritdoc/>
    public void Dispose()
    {
        Weights.Dispose();
        State?.Dispose();
        foreach (StateTensor state in states.Where(state => state.Region?.Buffer == State))
        {
            state.Region = null;
        }

        foreach (Parameter parameter in parameters.Where(parameter => parameter.Region?.Buffer == Weights))
        {
            parameter.Region = null;
        }
    }
}
