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
    private static readonly Communicator Single = new SingleCommunicator();
    private static readonly Lazy<Communicator> Started = new(() => MpiLaunch.Size > 1 ? MpiCommunicator.Start() : Single);
    private RankSum<float>? singles;
    private RankSum<double>? doubles;
    private Transfer? transfer;
    private bool broken;

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
    public void Sum(Span<float> values) => SumOf(ref singles, values);

    /// <inheritdoc cref="Sum(Span{float})"/>
    public void Sum(Span<double> values) => SumOf(ref doubles, values);

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

    /// <summary>
    /// The ranks of <see cref="World"/> on this machine that are known to have died, in their order: a launcher asks those that
    /// are left to end, which is when they look. Others may have died on other machines.
    /// </summary>
    public static IReadOnlyList<int> Dead => Started.IsValueCreated ? World.Died : [];

    /// <summary>Opens a way to the other ranks.</summary>
    /// <param name="number">What tells its messages from those of others: 0 for calls that wait, of which there is one at a
    /// time.</param>
    internal abstract Transfer Open(int number);

    /// <summary>Lets others have the processor once, while nothing has come.</summary>
    /// <param name="partner">The rank that is waited for.</param>
    /// <exception cref="CommunicationException">It waits in vain.</exception>
    internal virtual void Wait(int partner) => Thread.Yield();

    /// <summary>An exception left a sum unfinished: from here on the ranks are out of step.</summary>
    internal void Break() => broken = true;

    /// <exception cref="CommunicationException">The ranks are out of step.</exception>
    internal void RequireWhole()
    {
        if (broken)
        {
            throw new CommunicationException(
                $"An exception left a sum of the ranks unfinished on rank {Rank} of {Size}, and the others wait for it: let " +
                $"the exception end the program, or end all ranks by Communicator.World.Abort(1).");
        }
    }

    /// <summary>Whether an exception left a sum unfinished.</summary>
    private protected bool IsBroken => broken;

    /// <summary>The ranks that are known to have died.</summary>
    private protected virtual IReadOnlyList<int> Died => [];

    /// <summary>Sends bytes to a rank and gets bytes from it, both at once.</summary>
    private unsafe void Exchange(int partner, ReadOnlySpan<byte> send, Span<byte> receive)
    {
        RequireWhole();
        transfer ??= Open(0);
        fixed (byte* from = send, to = receive)
        {
            try
            {
                transfer.Begin(partner, from, send.Length, to, receive.Length);
                while (!transfer.IsDone())
                {
                    Wait(partner);
                }
            }
            catch
            {
                broken |= transfer.Cancel();
                throw;
            }
        }
    }

    private unsafe void SumOf<T>(ref RankSum<T>? sum, Span<T> values)
        where T : unmanaged, INumberBase<T>
    {
        if (Size == 1)
        {
            return;
        }

        RequireWhole();
        sum ??= new RankSum<T>(this, 0);
        fixed (T* numbers = values)
        {
            try
            {
                sum.Begin(numbers, values.Length);
                while (!sum.Advance())
                {
                    Wait(sum.Partner);
                }
            }
            catch
            {
                broken |= sum.Cancel();
                throw;
            }
        }
    }
}
