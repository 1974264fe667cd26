using System.Numerics;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// How sums over samples and draws are taken: in parts that are summed along one fixed binary tree, and by which processes. The
/// parts alone decide the bits; each of R ranks has P/R neighbouring parts, a subtree.
/// </summary>
public sealed record DataParallel
{
    /// <summary>One part on one process: sums go from the first sample to the last.</summary>
    public static DataParallel Alone { get; } = new(1);

    /// <param name="parts">P, in how many parts; a power of two where there is more than one rank.</param>
    /// <param name="ranks">The processes; this one by itself without it.</param>
    /// <exception cref="ArgumentException">The ranks can't have the same number of parts each, in subtrees.</exception>
    public DataParallel(int parts, Communicator? ranks = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(parts, 1);
        (Parts, Ranks) = (parts, ranks ?? Communicator.Alone);
        if (Ranks.Size > 1 && (!BitOperations.IsPow2(parts) || parts < Ranks.Size))
        {
            throw new ArgumentException(
                $"{Ranks.Size} processes can't share {parts} part{(parts == 1 ? "" : "s")}: choose a power of two, " +
                    $"{Ranks.Size} " +
                $"or more, such as {Math.Max(8, Ranks.Size)}. It is the parts that decide a run's bits, not the processes.");
        }
    }

    /// <summary>P, in how many parts.</summary>
    public int Parts { get; }

    /// <summary>The processes.</summary>
    public Communicator Ranks { get; }

    /// <summary>How many parts a rank has.</summary>
    internal int Own => Parts / Ranks.Size;

    /// <summary>The first part that this rank has.</summary>
    internal int First => Own * Ranks.Rank;

    /// <summary>Whether this rank has a part.</summary>
    internal bool Has(int part) => part >= First && part < First + Own;

    /// <summary>Which of some things, such as the batches of a set, belong to a part.</summary>
    internal (int Start, int End) RangeOf(int count, int part) =>
        ((int)((long)count * part / Parts), (int)((long)count * (part + 1) / Parts));

    /// <summary>Stops all ranks where one is to stop.</summary>
    /// <exception cref="OperationCanceledException">One is.</exception>
    internal void ThrowIfCancelled(CancellationToken cancellation)
    {
        if (Ranks.Size == 1)
        {
            cancellation.ThrowIfCancellationRequested();
        }
        else if (Ranks.Any(cancellation.IsCancellationRequested))
        {
            throw new OperationCanceledException(cancellation);
        }
    }

    /// <inheritdoc/>
    public override string ToString() =>
        $"{Parts} part{(Parts == 1 ? "" : "s")} on {Ranks.Size} process{(Ranks.Size == 1 ? "" : "es")}";
}
