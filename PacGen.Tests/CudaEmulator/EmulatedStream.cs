namespace PacGen.Tests.CudaEmulator;

/// <summary>A stream: its work in order, and what of it is recorded at present.</summary>
/// <param name="isBlocking">Whether it waits for the default stream, and that for it.</param>
internal sealed class EmulatedStream(bool isBlocking)
{
    public bool IsBlocking => isBlocking;

    /// <summary>What is not done yet.</summary>
    public Queue<StreamWork> Waiting { get; } = new();

    /// <summary>The last work that was put on it, and waits that what comes next has to keep.</summary>
    public List<StreamWork> Last { get; } = [];

    /// <summary>The recording that its work goes into; null where it runs.</summary>
    public Capture? Capture { get; set; }

    /// <summary>Where the recording stands: what its next node comes behind.</summary>
    public List<StreamWork> Tail { get; } = [];
}

/// <summary>Work that is recorded on one or several streams to become a graph.</summary>
internal sealed class Capture(EmulatedStream origin, int thread)
{
    public EmulatedStream Origin => origin;

    /// <summary>The thread that began it, which alone may end it, and may not call what would disturb it.</summary>
    public int Thread => thread;

    public List<StreamWork> Nodes { get; } = [];

    /// <summary>Why it can't become a graph any more; null where it can.</summary>
    public string? Broken { get; set; }
}

/// <summary>An event.</summary>
internal sealed class EmulatedEvent(bool isTimed)
{
    public bool IsTimed => isTimed;

    /// <summary>What it was last recorded behind; null where it never was.</summary>
    public StreamWork? Work { get; set; }

    /// <summary>The recording that it was last recorded in, and where that stood.</summary>
    public (Capture Capture, StreamWork[] Tail)? Captured { get; set; }
}

/// <summary>A graph, or an instance of one: nodes, each behind those that it comes after.</summary>
internal sealed record EmulatedGraph(IReadOnlyList<StreamWork> Nodes);

/// <summary>An instance of a graph, which can be launched.</summary>
internal sealed record EmulatedGraphInstance(EmulatedGraph Graph);
