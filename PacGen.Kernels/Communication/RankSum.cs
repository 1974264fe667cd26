using System.Numerics;
using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// A sum of numbers over the ranks, along the tree over ranks, which goes on whenever <see cref="Advance"/> is called. What is
/// sent waits for nobody, so that several may run at once.
/// </summary>
/// <remarks>
/// Many numbers: neighbours first, as in the tree, each summing one half of what the two still have; then the way back. Few go
/// whole to each partner, for there the number of messages counts. Each number takes the same path both ways.
/// </remarks>
/// <typeparam name="T">The numbers.</typeparam>
/// <param name="ranks">The processes.</param>
/// <param name="number">What tells its messages from those of other sums at the same time.</param>
internal sealed unsafe class RankSum<T>(Communicator ranks, int number)
    where T : unmanaged, INumberBase<T>
{
    /// <summary>Fewer bytes than this go whole.</summary>
    private const int FewBytes = 16 << 10;

    private readonly Transfer? transfer = ranks.Size > 1 ? ranks.Open(number) : null;
    private readonly (int Start, int Middle, int End)[] path =
        new (int, int, int)[BitOperations.Log2((uint)ranks.Size)];

    private T[] received = [];
    private T* values;
    private int start, end, step, steps;
    private bool halves;

    /// <summary>The rank that the present messages are exchanged with.</summary>
    public int Partner { get; private set; }

    /// <summary>Takes the memory that so many numbers need, which else is taken when they first come.</summary>
    public void Reserve(int count)
    {
        int room = ranks.Size > 1 ? Room(count) : 0;
        received = received.Length < room ? GC.AllocateUninitializedArray<T>(room, pinned: true) : received;
    }

    /// <summary>Begins. The memory must stay where it is until the end.</summary>
    /// <param name="numbers">Takes the sums.</param>
    /// <param name="count">How many there are, the same on every rank.</param>
    public void Begin(T* numbers, int count)
    {
        Reserve(count);
        values = numbers;
        (start, end, step) = (0, count, 0);
        halves = !AreFew(count);
        steps = count == 0 ? 0 : halves ? 2 * path.Length : path.Length;
        if (steps > 0)
        {
            Exchange();
        }
    }

    /// <summary>Takes what has come, and sends what follows from it.</summary>
    /// <returns>Whether the sums are there.</returns>
    public bool Advance()
    {
        while (step < steps)
        {
            if (!transfer!.IsDone())
            {
                return false;
            }

            if (step < path.Length)
            {
                Add(new Span<T>(values + start, end - start), received);
            }

            if (++step < steps)
            {
                Exchange();
            }
        }

        return true;
    }

    /// <summary>Gives up what has not ended: an exception has left it.</summary>
    /// <returns>Whether there was any, so that the other ranks wait for this one.</returns>
    public bool Cancel()
    {
        bool any = transfer is not null && step < steps && (transfer.Cancel() || step > 0);
        steps = 0;
        return any;
    }

    private static bool AreFew(long count) => count * Unsafe.SizeOf<T>() <= FewBytes;

    private static int Room(long count) => checked((int)(AreFew(count) ? count : count - (count / 2)));

    /// <summary>A sum of two doesn't depend on their order, so that both partners get the same.</summary>
    private static void Add(Span<T> values, ReadOnlySpan<T> other)
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

    private void Exchange()
    {
        bool back = step >= path.Length;
        int level = back ? (2 * path.Length) - 1 - step : step;
        Partner = ranks.Rank ^ (1 << level);
        bool upper = (ranks.Rank >> level & 1) != 0;
        if (back)
        {
            (int first, int middle, int last) = path[level];
            T* mine = values + (upper ? middle : first), theirs = values + (upper ? first : middle);
            (int own, int other) = upper ? (last - middle, middle - first) : (middle - first, last - middle);
            Send(mine, own, theirs, other);
        }
        else if (!halves)
        {
            fixed (T* to = received)
            {
                Send(values, end, to, end);
            }
        }
        else
        {
            int middle = start + ((end - start) / 2);
            path[level] = (start, middle, end);
            (int given, int count) = upper ? (start, middle - start) : (middle, end - middle);
            (start, end) = upper ? (middle, end) : (start, middle);

            // Its array stays where it is: it is pinned.
            fixed (T* to = received)
            {
                Send(values + given, count, to, end - start);
            }
        }
    }

    private void Send(T* send, int sent, T* receive, int taken) =>
        transfer!.Begin(Partner, send, (long)sent * sizeof(T), receive, (long)taken * sizeof(T));
}
