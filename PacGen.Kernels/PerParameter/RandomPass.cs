using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Kernels;

/// <summary>A pass over parameters, each with a random word of its own.</summary>
internal unsafe interface IRandomPass : IPrefetch
{
    /// <summary>Handles <paramref name="count"/> elements from <paramref name="start"/> on: whole vectors of the lane.</summary>
    /// <param name="words">Their words.</param>
    /// <param name="scratch">Room for a float each.</param>
    /// <param name="start">The first element.</param>
    /// <param name="count">How many, at most <see cref="RandomPass.Chunk"/>.</param>
    void Run<T, TWords>(uint* words, float* scratch, long start, int count)
        where T : struct, IMemoryLane<T>, ILane<T, TWords>
        where TWords : struct, IWords<TWords>;
}

/// <summary>The loop of such passes on the CPU: the words of a chunk, then the chunk.</summary>
internal static unsafe class RandomPass
{
    /// <summary>
    /// Words, scratch and four arrays of a chunk fit the first-level cache; whole groups of words at every width. Words and
    /// formula have a loop each, since together they need more registers than there are.
    /// </summary>
    public const int Chunk = 960;

    private const int Line = IPrefetch.LineElements * sizeof(float);

    /// <summary>
    /// Runs the pass over the elements from <paramref name="start"/>, a multiple of 64, to <paramref name="end"/>.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run<TPass, T, TWords>(TPass pass, long start, long end, PhiloxDraw draw)
        where TPass : struct, IRandomPass
        where T : struct, IMemoryLane<T>, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        // At a cache line, or every second access to a vector would be one to two lines.
        byte* room = stackalloc byte[(2 * Chunk * sizeof(float)) + Line];
        uint* words = (uint*)((nint)(room + Line - 1) & -Line);
        float* scratch = (float*)(words + Chunk);
        long done = Groups<TPass, T, TWords>(pass, words, scratch, start, end, draw);
        done = Groups<TPass, Float1, Words1>(pass, words, scratch, done, end, draw);
        for (; done < end; done++)
        {
            *words = Philox.Word(((ulong)draw.Key1 << 32) | draw.Key0, draw.Stream, draw.Step, done);
            pass.Run<Float1, Words1>(words, scratch, done, 1);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static long Groups<TPass, T, TWords>(
        TPass pass, uint* words, float* scratch, long start, long end, PhiloxDraw draw)
        where TPass : struct, IRandomPass
        where T : struct, IMemoryLane<T>, ILane<T, TWords>
        where TWords : struct, IWords<TWords>
    {
        int group = 4 * T.Count;
        while (start + group <= end)
        {
            int groups = (int)Math.Min(Chunk, end - start) / group, count = groups * group;
            Philox.Fill<TWords, TPass>(words, groups, start, draw.Stream, draw.Step, draw.Key0, draw.Key1, pass);
            pass.Run<T, TWords>(words, scratch, start, count);
            start += count;
        }

        return start;
    }
}
