using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// Sums of a buffer over the ranks, range by range: each range begins as soon as its numbers are there, and goes on while other
/// work is done, such as the gradients of a network's last layers while those before are computed. The sums are those of
/// <see cref="Communicator.Sum(Span{float})"/>, bit for bit.
/// </summary>
/// <remarks>
/// Nothing waits and no thread is started: messages go on in <see cref="Begin"/> and <see cref="Advance"/>, on the caller's
/// thread. On a GPU the numbers go through page-locked memory of the host; <see cref="Begin"/> waits for the work that makes
/// them.
/// </remarks>
public sealed unsafe class BufferSum : IDisposable
{
    private readonly Communicator ranks;
    private readonly DeviceBuffer buffer;
    private readonly RankSum<float>[] sums;
    private readonly bool[] begun;
    private readonly PageLockedArray1D<float>? host;

    /// <param name="ranks">The processes; all make one for the same ranges, and have no other at work meanwhile.</param>
    /// <param name="buffer">Takes the sums.</param>
    /// <param name="ranges">Ranges that cover it; null for one.</param>
    public BufferSum(Communicator ranks, DeviceBuffer buffer, IReadOnlyList<Region>? ranges = null)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(buffer);
        (this.ranks, this.buffer) = (ranks, buffer);
        Ranges = ranges ?? [new Region(buffer)];
        begun = new bool[Ranges.Count];

        // Number 0 is that of calls that wait.
        sums = [.. Enumerable.Range(1, Ranges.Count).Select(number => new RankSum<float>(ranks, number))];
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i].Reserve(checked((int)Ranges[i].Count));
        }

        if (buffer.Device is GpuDevice gpu)
        {
            host = gpu.AllocatePageLocked(buffer.Count);
        }
    }

    /// <summary>The ranges.</summary>
    public IReadOnlyList<Region> Ranges { get; }

    /// <summary>The numbers of a range are there: they are summed from now on.</summary>
    /// <param name="index">Which range.</param>
    /// <exception cref="CommunicationException">An exception left a sum unfinished before.</exception>
    public void Begin(int index)
    {
        ranks.RequireWhole();
        Region range = Ranges[index];
        float* values = Host + range.Start;
        if (host is not null)
        {
            range.Read(new Span<float>(values, (int)range.Count));
        }

        begun[index] = true;
        sums[index].Begin(values, (int)range.Count);
        Advance();
    }

    /// <summary>Takes what has come, and sends what follows from it; waits for nothing.</summary>
    public void Advance()
    {
        for (int i = 0; i < sums.Length; i++)
        {
            if (begun[i])
            {
                _ = sums[i].Advance();
            }
        }

        GC.KeepAlive(buffer);
    }

    /// <summary>Begins the ranges that were not, and waits until the sums are in the buffer.</summary>
    /// <exception cref="CommunicationException">Another process has ended.</exception>
    public void Finish()
    {
        for (int i = 0; i < sums.Length; i++)
        {
            if (!begun[i])
            {
                Begin(i);
            }
        }

        for (int i = 0; i < sums.Length; i++)
        {
            while (!sums[i].Advance())
            {
                ranks.Wait(sums[i].Partner);
                Advance();
            }

            begun[i] = false;
            if (host is not null)
            {
                Ranges[i].Write(new ReadOnlySpan<float>(Host + Ranges[i].Start, (int)Ranges[i].Count));
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        for (int i = 0; i < sums.Length; i++)
        {
            if (begun[i] && sums[i].Cancel())
            {
                ranks.Break();
            }
        }

        host?.Dispose();
    }

    private float* Host
    {
        get
        {
            if (host is null)
            {
                return ((CpuBuffer)buffer).Pointer;
            }

            fixed (float* values = host.Span)
            {
                return values;
            }
        }
    }
}
