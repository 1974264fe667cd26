using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// The average of a run's weights. While it is shown, it lies in <see cref="ParameterArena.Weights"/>, where evaluation reads
/// it, and the weights that are trained lie here.
/// </summary>
internal sealed class AveragedWeights : IDisposable
{
    private readonly ParameterArena arena;
    private readonly WeightAveraging how;
    private readonly DeviceBuffer other, next;
    private readonly CompiledGraph graph;
    private readonly Upload share;
    private readonly Launch keep;
    private readonly Launch[] swap = [];
    private readonly float[] scalar = new float[1];
    private long submitted;

    /// <param name="arena">The weights.</param>
    /// <param name="how">How they are averaged.</param>
    public AveragedWeights(ParameterArena arena, WeightAveraging how)
    {
        (this.arena, this.how) = (arena, how);
        try
        {
            other = arena.Device.Allocate(arena.Count, "the average of the weights");
            next = arena.Device.Allocate(arena.Count, "the next average of the weights");
            Shape shape = new(checked((int)arena.Count));
            Tensor a = Tensor.Input(shape, "average"), w = Tensor.Input(shape, "w"), s = Tensor.Input(Shape.Scalar, "share");
            Tensor moved = a + (s * (w - a));
            graph = CompiledGraph.Compile(arena.Device, [moved], new Dictionary<Tensor, Region>
            {
                [a] = new(other),
                [w] = new(arena.Weights),
                [moved] = Next,
            });
            share = arena.Device.CreateUpload(graph[s]);
            keep = Copy(next, other);
            swap = [Copy(arena.Weights, next), Copy(other, arena.Weights), Copy(next, other)];

            Launch Copy(DeviceBuffer from, DeviceBuffer to) =>
                arena.Device.Bind(FusedMap.BroadcastTo(shape), [shape], [new Region(from)], new Region(to));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How many weights are in the average; 0 where there is none yet.</summary>
    public long Count { get; private set; }

    /// <summary>Whether the average lies in the arena.</summary>
    public bool IsShown { get; private set; }

    /// <summary>Where the average is, or will be.</summary>
    public DeviceBuffer Buffer => IsShown ? arena.Weights : other;

    /// <summary>Where the weights to evaluate are: the average's, where there is one.</summary>
    public DeviceBuffer Evaluated => Count > 0 ? Buffer : arena.Weights;

    /// <summary>Where the weights that are trained are.</summary>
    public DeviceBuffer Trained => IsShown ? other : arena.Weights;

    /// <summary>Makes what the average becomes by the present weights.</summary>
    public IReadOnlyList<Launch> Make => graph.Parts;

    /// <summary>What <see cref="Make"/> makes.</summary>
    public Region Next => new(next);

    /// <summary>Where it is kept.</summary>
    public Region Kept => new(other);

    /// <summary>The memory, in bytes.</summary>
    public long Bytes => (other.Count + next.Count) * sizeof(float);

    /// <summary>Says how far the step that follows will move the average. It allocates nothing managed.</summary>
    public void Begin(int epoch) => Send(how.IsOfSteps && how.Counts(epoch) ? how.Share(submitted++) : 0);

    /// <summary>Counts a step that ended well.</summary>
    public void Took(int epoch)
    {
        if (how.IsOfSteps && how.Counts(epoch))
        {
            Count++;
        }
    }

    /// <summary>Says how many weights are in an average that was read.</summary>
    public void Restore(long count) => Count = submitted = count;

    /// <summary>Forgets steps that were submitted and did not end well.</summary>
    public void Forget() => submitted = Count;

    /// <summary>Moves the average, where the device waits for a step's end.</summary>
    public void Move()
    {
        graph.Run();
        keep.Run();
    }

    /// <summary>Takes the weights at an epoch's end into the average, where they count and are not in it yet.</summary>
    public void EndEpoch(int epoch)
    {
        if (!how.IsOfSteps && Count < how.Ends(epoch))
        {
            Hide();
            Send(how.Share(Count));
            Move();
            Restore(Count + 1);
        }
    }

    /// <summary>Puts the average into the arena, where there is one.</summary>
    public void Show()
    {
        if (Count > 0 && !IsShown)
        {
            Swap();
        }
    }

    /// <summary>Puts the weights that are trained back into the arena.</summary>
    public void Hide()
    {
        if (IsShown)
        {
            Swap();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        share?.Dispose();
        graph?.Dispose();
        keep?.Dispose();
        Array.ForEach(swap, launch => launch.Dispose());
        next?.Dispose();
        other?.Dispose();
    }

    private void Send(float value)
    {
        scalar[0] = value;
        share.Write(scalar);
    }

    private void Swap()
    {
        Array.ForEach(swap, launch => launch.Run());
        IsShown = !IsShown;
        GC.KeepAlive(this);
    }
}
