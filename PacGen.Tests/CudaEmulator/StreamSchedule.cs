using System.Diagnostics;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// The streams of an emulated device: what is put on them, what waits for what, and what is recorded instead of run.
/// </summary>
/// <param name="lazySeed">
/// With a seed, work is done when something waits for it: then only what has to be, or whatever may be, in an order that the seed
/// chooses; so that values which nobody waited for are missing. Without it, work is done as it is put there.
/// </param>
internal sealed class StreamSchedule(int? lazySeed)
{
    private readonly Random? random = lazySeed is { } seed ? new Random(seed) : null;
    private readonly List<EmulatedStream> streams = [];

    /// <summary>The stream that has no handle: it waits for the blocking ones, and they for it.</summary>
    public EmulatedStream Default { get; } = new(isBlocking: true);

    public bool IsLazy => random is not null;

    private IEnumerable<EmulatedStream> All => streams.Prepend(Default);

    public EmulatedStream Create(bool isBlocking)
    {
        EmulatedStream stream = new(isBlocking);
        streams.Add(stream);
        return stream;
    }

    /// <summary>Forgets a stream; what it has left to do is done all the same.</summary>
    /// <exception cref="CudaRefusal">It is recorded.</exception>
    public void Destroy(EmulatedStream stream)
    {
        if (stream.Capture is not null)
        {
            throw Unsupported(stream.Capture, "a stream was destroyed while it was recorded");
        }

        Complete(stream);
        streams.Remove(stream);
    }

    /// <summary>Puts work on a stream, or into the recording that it is in.</summary>
    public StreamWork Put(EmulatedStream stream, Action? action)
    {
        if (stream.Capture is { } capture)
        {
            StreamWork node = new(action, stream.Tail);
            capture.Nodes.Add(node);
            stream.Tail.Clear();
            stream.Tail.Add(node);
            return node;
        }

        if (stream == Default && streams.FirstOrDefault(other => other.IsBlocking && other.Capture is not null) is { } captured)
        {
            captured.Capture!.Broken = "the default stream was used, which waits for the recorded one";
            throw new CudaRefusal(CudaResult.CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, captured.Capture.Broken);
        }

        IEnumerable<StreamWork> others = !stream.IsBlocking ? []
            : stream == Default ? streams.Where(other => other.IsBlocking).SelectMany(other => other.Last) : Default.Last;
        StreamWork work = new(action, stream.Last.Concat(others));
        stream.Last.Clear();
        stream.Last.Add(work);
        if (IsLazy)
        {
            stream.Waiting.Enqueue(work);
        }
        else
        {
            work.Run();
        }

        return work;
    }

    /// <summary>Records an event behind what is on a stream.</summary>
    public void Record(EmulatedEvent @event, EmulatedStream stream)
    {
        if (stream.Capture is { } capture)
        {
            @event.Captured = (capture, [.. stream.Tail]);
        }
        else
        {
            @event.Captured = null;
            @event.Work = Put(stream, null);
        }
    }

    /// <summary>Has what comes next on a stream wait for an event.</summary>
    /// <exception cref="CudaRefusal">A recorded stream can't wait for what isn't recorded with it.</exception>
    public void Wait(EmulatedStream stream, EmulatedEvent @event)
    {
        if (@event.Captured is var (capture, tail))
        {
            if (capture.Origin.Capture != capture)
            {
                throw new CudaRefusal(CudaResult.CUDA_ERROR_CAPTURED_EVENT, "the event's recording has ended");
            }

            if (stream.Capture is { } other && other != capture)
            {
                throw new CudaRefusal(CudaResult.CUDA_ERROR_STREAM_CAPTURE_MERGE, "two recordings would become one");
            }

            stream.Capture = capture;
            stream.Tail.AddRange(tail.Except(stream.Tail));
        }
        else if (stream.Capture is { } recording)
        {
            recording.Broken = "a recorded stream was to wait for an event that was not recorded with it";
            throw new CudaRefusal(CudaResult.CUDA_ERROR_STREAM_CAPTURE_ISOLATION, recording.Broken);
        }
        else if (@event.Work is { IsDone: false } work)
        {
            stream.Last.Add(work);
        }
    }

    /// <summary>Does what an event was recorded behind.</summary>
    public void Complete(EmulatedEvent @event)
    {
        if (@event.Captured is var (capture, _))
        {
            capture.Broken ??= "an event of it was waited for";
            throw new CudaRefusal(
                CudaResult.CUDA_ERROR_CAPTURED_EVENT, "an event that is recorded into a graph can't be waited for");
        }

        if (@event.Work is { } work)
        {
            Complete(work);
        }
    }

    /// <summary>Whether an event's work is done. Asking gets on with it.</summary>
    public bool IsDone(EmulatedEvent @event)
    {
        if (@event.Captured is not null)
        {
            throw new CudaRefusal(
                CudaResult.CUDA_ERROR_CAPTURED_EVENT, "an event that is recorded into a graph can't be asked for");
        }

        bool isDone = @event.Work is not { IsDone: false };
        if (!isDone)
        {
            RunOne(null);
        }

        return isDone;
    }

    /// <summary>Does all that is on a stream; of the default stream also what it would wait for.</summary>
    public void Complete(EmulatedStream stream)
    {
        if (stream.Capture is not null)
        {
            throw Unsupported(stream.Capture, "a stream was waited for while it was recorded");
        }

        if (stream == Default)
        {
            Put(stream, null);
        }

        foreach (StreamWork work in stream.Last.ToArray())
        {
            Complete(work);
        }
    }

    /// <summary>Does all that is on any stream.</summary>
    public void CompleteAll()
    {
        while (All.Any(stream => stream.Waiting.Count > 0))
        {
            RunOne(null);
        }
    }

    /// <summary>Forgets all that waits or is recorded: the device has failed. Nobody waits for it any more.</summary>
    public void Drop()
    {
        foreach (EmulatedStream stream in All)
        {
            foreach (StreamWork work in stream.Waiting)
            {
                work.Drop();
            }

            stream.Waiting.Clear();
            stream.Last.Clear();
            stream.Capture = null;
            stream.Tail.Clear();
        }
    }

    /// <summary>Does a piece of work, and before it whatever it waits for.</summary>
    public void Complete(StreamWork work)
    {
        if (work.IsDone)
        {
            return;
        }

        HashSet<StreamWork>? needed = random!.Next(2) == 0 ? null : Needed(work);
        while (!work.IsDone)
        {
            RunOne(needed);
        }
    }

    /// <summary>Begins to record what is put on a stream.</summary>
    public void BeginCapture(EmulatedStream stream)
    {
        if (stream == Default || stream.Capture is not null)
        {
            throw new CudaRefusal(
                CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                "the default stream, or one that is recorded, can't be recorded");
        }

        stream.Capture = new Capture(stream, Environment.CurrentManagedThreadId);
        stream.Tail.Clear();
    }

    /// <summary>Ends it.</summary>
    /// <exception cref="CudaRefusal">Something can't be recorded, or a stream that joined was not waited for in the
    /// end.</exception>
    public EmulatedGraph EndCapture(EmulatedStream stream)
    {
        if (stream.Capture is not { } capture)
        {
            throw new CudaRefusal(CudaResult.CUDA_ERROR_INVALID_VALUE, "the stream isn't recorded");
        }

        if (capture.Origin != stream)
        {
            throw new CudaRefusal(CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "the recording began on another stream");
        }

        if (capture.Thread != Environment.CurrentManagedThreadId)
        {
            throw new CudaRefusal(CudaResult.CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "the recording began in another thread");
        }

        HashSet<StreamWork> joined = [];
        stream.Tail.ForEach(node => joined.UnionWith(Needed(node)));
        foreach (EmulatedStream part in All.Where(part => part.Capture == capture))
        {
            part.Capture = null;
            part.Tail.Clear();
        }

        return capture.Broken is { } reason
            ? throw new CudaRefusal(CudaResult.CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, reason)
            : joined.Count < capture.Nodes.Count
                ? throw new CudaRefusal(
                    CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNJOINED,
                    $"{capture.Nodes.Count - joined.Count} of {capture.Nodes.Count} recorded pieces of work are on a stream " +
                        $"that " +
                    $"the recorded one did not wait for")
                : new EmulatedGraph(capture.Nodes);
    }

    /// <summary>Puts all that a graph holds on a stream: of what doesn't wait for each other, in an order by the seed.</summary>
    public void Launch(EmulatedGraph graph, EmulatedStream stream)
    {
        if (stream.Capture is { } capture)
        {
            throw Unsupported(capture, "a graph was launched into a recording");
        }

        Put(stream, () =>
        {
            Dictionary<StreamWork, StreamWork> copies = [];
            List<StreamWork> left = [];
            foreach (StreamWork node in graph.Nodes)
            {
                left.Add(copies[node] = node.Again(node.After.Select(before => copies[before])));
            }

            while (left.Count > 0)
            {
                StreamWork[] ready = [.. left.Where(work => work.IsReady)];
                StreamWork next = ready[random?.Next(ready.Length) ?? 0];
                left.Remove(next);
                next.Run();
            }
        });
    }

    /// <summary>Refuses what a thread may not call while it records, and breaks the recording.</summary>
    public void CheckUnrecorded(string what)
    {
        int thread = Environment.CurrentManagedThreadId;
        if (All.FirstOrDefault(stream => stream.Capture?.Thread == thread) is { } stream)
        {
            throw Unsupported(stream.Capture!, $"{what} while work was recorded");
        }
    }

    /// <summary>The same of a stream.</summary>
    public static CudaRefusal Unsupported(Capture capture, string reason)
    {
        capture.Broken ??= reason;
        return new CudaRefusal(CudaResult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, reason);
    }

    /// <summary>Does one piece of work that may be done, of some or of all.</summary>
    private void RunOne(HashSet<StreamWork>? of)
    {
        EmulatedStream[] ready =
        [
            .. All.Where(stream => stream.Waiting.TryPeek(out StreamWork? next) && next.IsReady
                && of?.Contains(next) != false),
        ];
        if (ready.Length == 0)
        {
            throw new UnreachableException("Work waits for itself.");
        }

        ready[random!.Next(ready.Length)].Waiting.Dequeue().Run();
    }

    private static HashSet<StreamWork> Needed(StreamWork work)
    {
        HashSet<StreamWork> needed = [];
        Stack<StreamWork> open = new([work]);
        while (open.TryPop(out StreamWork? next))
        {
            if (needed.Add(next))
            {
                foreach (StreamWork before in next.After)
                {
                    open.Push(before);
                }
            }
        }

        return needed;
    }
}
