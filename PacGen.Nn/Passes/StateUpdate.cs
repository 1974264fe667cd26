using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// What a pass makes of a model's state, such as running statistics, before it becomes the model's: passes read and write a copy,
/// which is taken over once its numbers are known to be finite and the step has ended well. Until then
/// <see cref="ParameterArena.State"/> is as it was.
/// </summary>
internal sealed class StateUpdate : IDisposable
{
    private readonly ParameterArena arena;
    private readonly DeviceBuffer next;
    private readonly CompiledGraph check;
    private readonly Launch begin, keep;
    private DeviceBuffer? held;
    private Launch[] holding = [], restoring = [];
    private readonly float[] scalar = new float[1];

    /// <param name="arena">The model's parameters and state; it has some.</param>
    public StateUpdate(ParameterArena arena)
    {
        this.arena = arena;
        Committed = new Region(arena.State!);
        Shape shape = new(checked((int)Committed.Count));
        next = arena.Device.Allocate(Committed.Count, "the model's next state");
        try
        {
            Next = new Region(next);
            begin = arena.Device.Bind(FusedMap.BroadcastTo(shape), [shape], [Committed], Next);
            keep = arena.Device.Bind(FusedMap.BroadcastTo(shape), [shape], [Next], Committed);

            // 0·x is 0, but NaN where x is infinite or NaN.
            Tensor x = Tensor.Input(shape, "state"), zero = (x * 0f).Sum();
            check = CompiledGraph.Compile(arena.Device, [zero], new Dictionary<Tensor, Region> { [x] = Next });
            Zero = check[zero];
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The copy, of the layout of <see cref="ParameterArena.State"/>.</summary>
    public Region Next { get; }

    /// <summary>The model's state.</summary>
    public Region Committed { get; }

    /// <summary>What <see cref="Check"/> writes: 0 where all numbers of the copy are finite, else NaN.</summary>
    public Region Zero { get; }

    /// <summary>The launches that look at the copy's numbers.</summary>
    public IReadOnlyList<Launch> Check => check.Parts;

    /// <summary>The memory of the copy, in bytes.</summary>
    public long Bytes => next.Count * sizeof(float);

    /// <summary>Where the pass reads and writes a state.</summary>
    public Region Of(StateTensor state)
    {
        Region region = state.Region ?? throw new InvalidOperationException(
            $"State '{state.Name}' has no values yet: create a ParameterArena for its module.");
        return Next.Slice(region.Start, region.Count);
    }

    /// <summary>Makes the copy the model's state anew.</summary>
    public void Begin() => begin.Run();

    /// <summary>The launch of <see cref="Hold"/>.</summary>
    public IReadOnlyList<Launch> Holding
    {
        get
        {
            Prepare();
            return holding;
        }
    }

    /// <summary>The launch of <see cref="Restore"/>.</summary>
    public IReadOnlyList<Launch> Restoring
    {
        get
        {
            Prepare();
            return restoring;
        }
    }

    /// <summary>Remembers the copy as it is before a step's further passes, which are not to move it.</summary>
    public void Hold() => Holding[0].Run();

    /// <summary>Makes the copy what it was at the last <see cref="Hold"/>.</summary>
    public void Restore() => Restoring[0].Run();

    /// <summary>Looks at the copy's numbers: <see cref="Zero"/> then says whether all are finite.</summary>
    public void RunCheck() => check.Run();

    /// <summary>Makes the model's state the copy.</summary>
    public void Keep() => keep.Run();

    /// <summary>Whether all numbers of the copy are finite. Waits for what has been launched.</summary>
    public bool IsFinite()
    {
        check.Run();
        Zero.Read(scalar);
        return float.IsFinite(scalar[0]);
    }

    /// <summary>The first state whose copy has a number that is not finite, with that number; null where all are.</summary>
    public (StateTensor State, float Value)? FirstNonFinite()
    {
        foreach (StateTensor state in arena.States)
        {
            if (NonFiniteOrigin.First(Of(state)) is { } value)
            {
                return (state, value);
            }
        }

        return null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        begin?.Dispose();
        keep?.Dispose();
        Array.ForEach([.. holding, .. restoring], launch => launch.Dispose());
        held?.Dispose();
        check?.Dispose();
        next.Dispose();
    }

    private void Prepare()
    {
        if (held is null)
        {
            Shape shape = new(checked((int)Next.Count));
            held = arena.Device.Allocate(Next.Count, "the model's state after a step's first pass");
            holding = [arena.Device.Bind(FusedMap.BroadcastTo(shape), [shape], [Next], new Region(held))];
            restoring = [arena.Device.Bind(FusedMap.BroadcastTo(shape), [shape], [new Region(held)], Next)];
        }
    }
}
