using System.Numerics;
using System.Runtime.InteropServices;

namespace PacGen.Kernels;

/// <summary>
/// The processes that share one run, called ranks: <see cref="Alone"/>, or <see cref="World"/>, which MPI started together. All
/// must make the same calls in the same order, from one thread at a time. What a call gives is the same on every rank, bit for
/// bit.
/// </summary>
/// <remarks>
/// The number of ranks R is a power of two, for sums run along a binary tree: (r0 + r1) + (r2 + r3). Each number takes that path
/// whatever its place, so a rank whose own sum is a subtree, over parts that it holds, adds up to the tree over all parts.
/// </remarks>
/// <example>
/// <code>
/// // mpirun -np 4 dotnet run train.cs
/// Communicator ranks = Communicator.World;
/// using Trainer trainer = new(
///     model, data, new Adam(1e-3), new TrainingOptions { BatchSize = 256, Accumulate = 8, Communicator = ranks });
/// trainer.Run(ranks.IsRoot ? result => Console.WriteLine(result) : null);
/// </code>
/// </example>
public abstract class Communicator
{
    /// <summary>Fewer bytes than this go whole to each partner, for there the number of messages counts.</summary>
    private const int FewBytes = 16 << 10;

    private static readonly Communicator Single = new SingleCommunicator();
    private static readonly Lazy<Communicator> Started = new(() => MpiLaunch.Size > 1 ? MpiCommunicator.Start() : Single);
    private byte[] received = [];
    private float[] staged = [];

    /// <summary>For a library of this one: it says which ranks there are.</summary>
    /// <param name="rank">This process's number, from 0.</param>
    /// <param name="size">How many processes there are, a power of two.</param>
    /// <exception cref="ArgumentException">The number of processes is no power of two, or there is no such rank.</exception>
    private protected Communicator(int rank, int size)
    {
        if (size < 1 || !BitOperations.IsPow2(size) || rank < 0 || rank >= size)
        {
            throw new ArgumentException(
                $"{size} processes can't share a run: sums go along a binary tree, so start 1, 2, 4, 8 or another power of two.");
        }

        (Rank, Size) = (rank, size);
    }

    /// <summary>This process by itself, without MPI.</summary>
    public static Communicator Alone => Single;

    /// <summary>
    /// The processes that <c>mpirun</c>, <c>mpiexec</c> or <c>srun</c> started together; <see cref="Alone"/> where this one was
    /// started by itself. MPI is looked for at the first use: Open MPI 4 or 5, MPICH or a library of its binary interface, by the
    /// name that the system knows, or the file that <c>PACGEN_MPI</c> names.
    /// </summary>
    /// <exception cref="CommunicationException">Processes were started together, but there is no MPI library, or their number is
    /// no power of two; the message says what to install or start.</exception>
    public static Communicator World => Started.Value;

    /// <summary>This process's number as its launcher tells it, before MPI is asked; 0 where it was started by itself.</summary>
    public static int LaunchedRank => MpiLaunch.Rank;

    /// <summary>How many processes were started together, as their launcher tells it; 1 where this one was started by
    /// itself.</summary>
    public static int LaunchedSize => MpiLaunch.Size;

    /// <summary>This process's number, from 0.</summary>
    public int Rank { get; }

    /// <summary>R, the number of processes, a power of two.</summary>
    public int Size { get; }

    /// <summary>Whether this is rank 0, the one that prints and writes.</summary>
    public bool IsRoot => Rank == 0;

    /// <summary>What carries the messages, for people.</summary>
    public abstract string Library { get; }

    /// <summary>Replaces numbers by their sums over the ranks, each along the tree over ranks.</summary>
    /// <remarks>
    /// n numbers of b bytes: 2·n·b·(R − 1)/R bytes are sent by each rank in 2·log₂R messages (halves are summed and then
    /// gathered), or n·b·log₂R in log₂R messages where they are few. Both give the same bits.
    /// </remarks>
    /// <param name="values">Takes the sums; as many on every rank.</param>
    public void Sum(Span<float> values) => SumOf(values);

    /// <inheritdoc cref="Sum(Span{float})"/>
    public void Sum(Span<double> values) => SumOf(values);

    /// <summary>The same for memory of a device: in place on the CPU, through the host's memory elsewhere.</summary>
    /// <param name="region">Takes the sums.</param>
    public unsafe void Sum(Region region)
    {
        if (Size == 1)
        {
            return;
        }

        int count = checked((int)region.Count);
        if (region.Buffer is CpuBuffer buffer)
        {
            SumOf(new Span<float>(buffer.Pointer + region.Start, count));
            GC.KeepAlive(buffer);
            return;
        }

        staged = staged.Length < count ? GC.AllocateUninitializedArray<float>(count, pinned: true) : staged;
        Span<float> values = staged.AsSpan(0, count);
        region.Read(values);
        SumOf(values);
        region.Write(values);
    }

    /// <summary>Gathers what each rank has, one rank's behind the other's.</summary>
    /// <typeparam name="T">What is gathered.</typeparam>
    /// <param name="own">This rank's, as many numbers on every rank.</param>
    /// <param name="all">Takes R times as many.</param>
    /// <exception cref="ArgumentException">There is not that room.</exception>
    public void Gather<T>(ReadOnlySpan<T> own, Span<T> all)
        where T : unmanaged
    {
        int count = own.Length;
        if (all.Length != (long)count * Size)
        {
            throw new ArgumentException($"{Size} times {count} numbers don't fill {all.Length}.", nameof(all));
        }

        own.CopyTo(all[(Rank * count)..]);
        for (int distance = 1; distance < Size; distance *= 2)
        {
            int partner = Rank ^ distance, mine = Rank & -distance, theirs = partner & -distance;
            Exchange(
                partner,
                MemoryMarshal.AsBytes(all.Slice(mine * count, distance * count)),
                MemoryMarshal.AsBytes(all.Slice(theirs * count, distance * count)));
        }
    }

    /// <summary>Whether something holds on any rank.</summary>
    /// <param name="own">Whether it does on this one.</param>
    public bool Any(bool own)
    {
        Span<byte> flag = [own ? (byte)1 : (byte)0], other = [0];
        for (int distance = 1; distance < Size; distance *= 2)
        {
            Exchange(Rank ^ distance, flag, other);
            flag[0] |= other[0];
        }

        return flag[0] != 0;
    }

    /// <summary>Waits until every rank has come here.</summary>
    public void Barrier() => Any(false);

    /// <summary>
    /// Ends the whole run at once, on all ranks; alone it does nothing. For an error that the others don't know of.
    /// </summary>
    /// <param name="exitCode">The processes' exit code.</param>
    public abstract void Abort(int exitCode);

    /// <summary><see cref="Abort"/> of <see cref="World"/>, where that was looked at.</summary>
    /// <param name="exitCode">The processes' exit code.</param>
    public static void AbortAll(int exitCode)
    {
        if (Started.IsValueCreated)
        {
            World.Abort(exitCode);
        }
    }

    /// <summary>Sends bytes to a rank and gets bytes from it, both at once.</summary>
    /// <param name="partner">The other rank, which calls this too, with lengths the other way round.</param>
    /// <param name="send">What is sent.</param>
    /// <param name="receive">Takes what comes.</param>
    private protected abstract void Exchange(int partner, ReadOnlySpan<byte> send, Span<byte> receive);

    private void SumOf<T>(Span<T> values)
        where T : unmanaged, INumberBase<T>
    {
        if (Size == 1 || values.IsEmpty)
        {
            return;
        }

        int bytes = values.Length * Marshal.SizeOf<T>();
        received = received.Length < bytes ? GC.AllocateUninitializedArray<byte>(bytes, pinned: true) : received;
        Span<T> other = MemoryMarshal.Cast<byte, T>(received.AsSpan(0, bytes));
        if (bytes <= FewBytes)
        {
            for (int distance = 1; distance < Size; distance *= 2)
            {
                Exchange(Rank ^ distance, MemoryMarshal.AsBytes(values), MemoryMarshal.AsBytes(other));
                Add(values, other);
            }

            return;
        }

        // Neighbours first, as in the tree, each summing one half of what the two still have; then the way back.
        Span<(int Start, int Middle, int End)> path = stackalloc (int, int, int)[BitOperations.Log2((uint)Size)];
        (int start, int end) = (0, values.Length);
        for (int level = 0; level < path.Length; level++)
        {
            int middle = start + ((end - start) / 2);
            path[level] = (start, middle, end);
            bool upper = (Rank >> level & 1) != 0;
            Span<T> kept = upper ? values[middle..end] : values[start..middle];
            Span<T> given = upper ? values[start..middle] : values[middle..end];
            Exchange(Rank ^ (1 << level), MemoryMarshal.AsBytes(given), MemoryMarshal.AsBytes(other[..kept.Length]));
            Add(kept, other[..kept.Length]);
            (start, end) = upper ? (middle, end) : (start, middle);
        }

        for (int level = path.Length - 1; level >= 0; level--)
        {
            (int first, int middle, int last) = path[level];
            bool upper = (Rank >> level & 1) != 0;
            Span<T> mine = upper ? values[middle..last] : values[first..middle];
            Span<T> theirs = upper ? values[first..middle] : values[middle..last];
            Exchange(Rank ^ (1 << level), MemoryMarshal.AsBytes(mine), MemoryMarshal.AsBytes(theirs));
        }
    }

    /// <summary>A sum of two doesn't depend on their order, so that both partners get the same.</summary>
    private static void Add<T>(Span<T> values, ReadOnlySpan<T> other)
        where T : unmanaged, INumberBase<T>
    {
        int i = 0;
        for (; i <= values.Length - Vector<T>.Count; i += Vector<T>.Count)
        {
            (new Vector<T>(values[i..]) + new Vector<T>(other[i..])).CopyTo(values[i..]);
        }

        for (; i < values.Length; i++)
        {
            values[i] += other[i];
        }
    }
}
