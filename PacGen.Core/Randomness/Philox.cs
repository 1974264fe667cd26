using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using PacGen.Core.Lanes;

namespace PacGen.Core.Randomness;

/// <summary>
/// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011): four random words
/// as a function of a 128-bit counter and a 64-bit key, with no state.
/// </summary>
/// <remarks>
/// The convention for random arrays, everywhere: element e of stream s at step t under the 64-bit seed k is word e mod 4 of
/// the counter (low 32 bits of ⌊e/4⌋, high bits of ⌊e/4⌋, s, t) under the key (low 32 bits of k, high 32 bits of k).
/// So any device, any number of threads and any resumed run recomputes the same numbers.
/// </remarks>
public static class Philox
{
    private const uint MultiplierA = 0xD251_1F53, MultiplierB = 0xCD9E_8D57, WeylA = 0x9E37_79B9, WeylB = 0xBB67_AE85;

    /// <summary>Replaces the counters (c0, c1, c2, c3), place by place, by their four random words each.</summary>
    /// <typeparam name="TWords">The words: each place is a counter of its own.</typeparam>
    /// <param name="c0">Word 0 of the counters, then of the results.</param>
    /// <param name="c1">Word 1.</param>
    /// <param name="c2">Word 2.</param>
    /// <param name="c3">Word 3.</param>
    /// <param name="key0">The low word of the key.</param>
    /// <param name="key1">The high word of the key.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Generate<TWords>(ref TWords c0, ref TWords c1, ref TWords c2, ref TWords c3, uint key0, uint key1)
        where TWords : struct, IWords<TWords>
    {
        TWords a = c0, b = c1, c = c2, d = c3, keyA = TWords.Constant(key0), keyB = TWords.Constant(key1);
        // A loop on purpose: ten rounds in a row exceed what the JIT inlines into one method, and the caller then runs 2.6 times
        // as long.
        for (int round = 0; round < 10; round++)
        {
            TWords highA = TWords.MultiplyHigh(a, TWords.Constant(MultiplierA)), lowA = TWords.MultiplyLow(
                a, TWords.Constant(MultiplierA));
            TWords highB = TWords.MultiplyHigh(c, TWords.Constant(MultiplierB)), lowB = TWords.MultiplyLow(
                c, TWords.Constant(MultiplierB));
            a = highB ^ b ^ keyA;
            b = lowB;
            c = highA ^ d ^ keyB;
            d = lowA;
            keyA += TWords.Constant(WeylA);
            keyB += TWords.Constant(WeylB);
        }

        c0 = a;
        c1 = b;
        c2 = c;
        c3 = d;
    }

    /// <summary>
    /// The words of a run of elements of a random array, in element order, by the convention above; in groups of
    /// 4·<see cref="IWords{T}.Count"/> elements, which no carry of the counter falls into.
    /// </summary>
    /// <typeparam name="TWords">How many words the machine handles at once; the result does not depend on it.</typeparam>
    /// <param name="words">Where they go.</param>
    /// <param name="groups">How many groups.</param>
    /// <param name="element">The first element, a multiple of a group's.</param>
    /// <param name="stream">The stream s.</param>
    /// <param name="step">The step t.</param>
    /// <param name="key0">The low word of the key.</param>
    /// <param name="key1">The high word of the key.</param>
    public static unsafe void Fill<TWords>(uint* words, int groups, long element, uint stream, uint step, uint key0, uint key1)
        where TWords : struct, IWords<TWords> => Fill<TWords, Nothing>(words, groups, element, stream, step, key0, key1, default);

    /// <summary>The same, and asks for memory meanwhile.</summary>
    /// <typeparam name="TWords">How many words the machine handles at once; the result does not depend on it.</typeparam>
    /// <typeparam name="TPrefetch">What the caller wants from memory next.</typeparam>
    /// <param name="words">Where the words go.</param>
    /// <param name="groups">How many groups.</param>
    /// <param name="element">The first element, a multiple of a group's.</param>
    /// <param name="stream">The stream s.</param>
    /// <param name="step">The step t.</param>
    /// <param name="key0">The low word of the key.</param>
    /// <param name="key1">The high word of the key.</param>
    /// <param name="prefetch">Is called for each line of elements that is filled.</param>
    /// <remarks>
    /// Not to be inlined: beside a formula's own constants the registers do not suffice, and the rounds then run from memory.
    /// </remarks>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static unsafe void Fill<TWords, TPrefetch>(
        uint* words, int groups, long element, uint stream, uint step, uint key0, uint key1, TPrefetch prefetch)
        where TWords : struct, IWords<TWords>
        where TPrefetch : struct, IPrefetch
    {
        if (typeof(TWords) == typeof(Words8) && Avx2.IsSupported)
        {
            Fill(words, groups, element, stream, step, key0, key1, prefetch);
            return;
        }

        if (typeof(TWords) == typeof(Words16) && Avx512F.IsSupported)
        {
            FillWide(words, groups, element, stream, step, key0, key1, prefetch);
            return;
        }

        for (int group = 0; group < groups; group++)
        {
            TWords a = TWords.Sequence((uint)(element >> 2)), b = TWords.Constant((uint)(element >> 34));
            TWords c = TWords.Constant(stream), d = TWords.Constant(step);
            Generate(ref a, ref b, ref c, ref d, key0, key1);
            TWords.Interleave(ref a, ref b, ref c, ref d);
            Unsafe.WriteUnaligned(words, a);
            Unsafe.WriteUnaligned(words + TWords.Count, b);
            Unsafe.WriteUnaligned(words + (2 * TWords.Count), c);
            Unsafe.WriteUnaligned(words + (3 * TWords.Count), d);
            words += 4 * TWords.Count;
            long next = element + (4 * TWords.Count);
            for (; TWords.Count > 1 && element < next; element += IPrefetch.LineElements)
            {
                prefetch.Line(element);
            }

            element = next;
        }
    }

    /// <summary>
    /// The same with AVX2, which multiplies 32 bits to 64 in every second place only: so the counters are kept apart as two
    /// vectors of four in 64-bit places, for all ten rounds. The high half of a product is one shift away, and its low half
    /// needs nothing, since what stays in the upper 32 bits of a place is never read: 16 instructions a round beside 24.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Fill<TPrefetch>(
        uint* words, int groups, long element, uint stream, uint step, uint key0, uint key1, TPrefetch prefetch)
        where TPrefetch : struct, IPrefetch
    {
        Vector256<uint>* keys = stackalloc Vector256<uint>[25];
        keys = (Vector256<uint>*)((nint)((byte*)keys + 31) & -32);
        for (int round = 0; round < 10; round++)
        {
            keys[2 * round] = Vector256.Create(unchecked(key0 + ((uint)round * WeylA)));
            keys[(2 * round) + 1] = Vector256.Create(unchecked(key1 + ((uint)round * WeylB)));
        }

        long high = element >> 34;
        Shared shared = new(element, stream, step, key0, key1);
        Vector256<uint>* same = keys + 20;
        same[0] = Vector256.Create(shared.C1);
        same[1] = Vector256.Create(shared.A2);
        same[2] = Vector256.Create(shared.C2);
        same[3] = Vector256.Create(shared.D2);

        // Three vectors of counters at a time: a round waits for its products, and fewer leave the multipliers idle, more exceed
        // the registers.
        long end = element + (32L * groups);
        for (; element + 48 <= end && (element + 47) >> 34 == high; element += 48, words += 48)
        {
            Vector256<uint> a = Counters(element), e = a + Vector256.Create(4u), i = a + Vector256.Create(8u);
            Begin(ref a, out Vector256<uint> b, out Vector256<uint> c, out Vector256<uint> d, same);
            Begin(ref e, out Vector256<uint> f, out Vector256<uint> g, out Vector256<uint> h, same);
            Begin(ref i, out Vector256<uint> j, out Vector256<uint> k, out Vector256<uint> l, same);
            Round(ref a, ref b, ref c, ref d, keys + 4);
            Round(ref e, ref f, ref g, ref h, keys + 4);
            Round(ref i, ref j, ref k, ref l, keys + 4);
            prefetch.Line(element);
            Round(ref a, ref b, ref c, ref d, keys + 6);
            Round(ref e, ref f, ref g, ref h, keys + 6);
            Round(ref i, ref j, ref k, ref l, keys + 6);
            Round(ref a, ref b, ref c, ref d, keys + 8);
            Round(ref e, ref f, ref g, ref h, keys + 8);
            Round(ref i, ref j, ref k, ref l, keys + 8);
            Round(ref a, ref b, ref c, ref d, keys + 10);
            Round(ref e, ref f, ref g, ref h, keys + 10);
            Round(ref i, ref j, ref k, ref l, keys + 10);
            prefetch.Line(element + 16);
            Round(ref a, ref b, ref c, ref d, keys + 12);
            Round(ref e, ref f, ref g, ref h, keys + 12);
            Round(ref i, ref j, ref k, ref l, keys + 12);
            Round(ref a, ref b, ref c, ref d, keys + 14);
            Round(ref e, ref f, ref g, ref h, keys + 14);
            Round(ref i, ref j, ref k, ref l, keys + 14);
            Round(ref a, ref b, ref c, ref d, keys + 16);
            Round(ref e, ref f, ref g, ref h, keys + 16);
            Round(ref i, ref j, ref k, ref l, keys + 16);
            prefetch.Line(element + 32);
            End(words, a, b, c, d, keys + 18);
            End(words + 16, e, f, g, h, keys + 18);
            End(words + 32, i, j, k, l, keys + 18);
        }

        Vector256<uint> b0 = Vector256.Create(stream), d0 = Vector256.Create(step);
        for (; element < end; element += 16, words += 16)
        {
            Vector256<uint> a = Counters(element), b = Vector256.Create((uint)(element >> 34)), c = b0, d = d0;
            for (int round = 0; round < 10; round++)
            {
                Round(ref a, ref b, ref c, ref d, keys + (2 * round));
            }

            prefetch.Line(element);
            Write(words, a, b, c, d);
        }
    }

    /// <summary>The same with AVX-512: vectors of eight counters, six at a time.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static unsafe void FillWide<TPrefetch>(
        uint* words, int groups, long element, uint stream, uint step, uint key0, uint key1, TPrefetch prefetch)
        where TPrefetch : struct, IPrefetch
    {
        const int Rounds = 10, Six = 192, Two = 64, Lines = 3;
        Vector512<uint>* keys = stackalloc Vector512<uint>[(2 * Rounds) + 5];
        keys = (Vector512<uint>*)((nint)((byte*)keys + 63) & -64);
        for (int round = 0; round < Rounds; round++)
        {
            keys[2 * round] = Vector512.Create(unchecked(key0 + ((uint)round * WeylA)));
            keys[(2 * round) + 1] = Vector512.Create(unchecked(key1 + ((uint)round * WeylB)));
        }

        long high = element >> 34;
        Shared shared = new(element, stream, step, key0, key1);
        Vector512<uint>* same = keys + (2 * Rounds);
        same[0] = Vector512.Create(shared.C1);
        same[1] = Vector512.Create(shared.A2);
        same[2] = Vector512.Create(shared.C2);
        same[3] = Vector512.Create(shared.D2);

        // Two rounds a turn: with one, the JIT moves every vector to another register.
        long end = element + ((long)Two * groups);
        for (; element + Six <= end && (element + Six - 1) >> 34 == high; element += Six, words += Six)
        {
            Vector512<uint> a = WideCounters(element), b, c, d;
            Vector512<uint> e = a + Vector512.Create(8u), f, g, h;
            Vector512<uint> i = a + Vector512.Create(16u), j, k, l;
            Vector512<uint> m = a + Vector512.Create(24u), n, o, p;
            Vector512<uint> q = a + Vector512.Create(32u), r, s, t;
            Vector512<uint> u = a + Vector512.Create(40u), v, w, x;
            Begin(ref a, out b, out c, out d, same);
            Begin(ref e, out f, out g, out h, same);
            Begin(ref i, out j, out k, out l, same);
            Begin(ref m, out n, out o, out p, same);
            Begin(ref q, out r, out s, out t, same);
            Begin(ref u, out v, out w, out x, same);
            Vector512<uint>* key = keys + 4;
            for (long line = element; line < element + Six; line += Lines * IPrefetch.LineElements, key += 4)
            {
                Round(ref a, ref b, ref c, ref d, key);
                Round(ref e, ref f, ref g, ref h, key);
                Round(ref i, ref j, ref k, ref l, key);
                Round(ref m, ref n, ref o, ref p, key);
                Round(ref q, ref r, ref s, ref t, key);
                Round(ref u, ref v, ref w, ref x, key);
                prefetch.Line(line);
                Round(ref a, ref b, ref c, ref d, key + 2);
                Round(ref e, ref f, ref g, ref h, key + 2);
                Round(ref i, ref j, ref k, ref l, key + 2);
                Round(ref m, ref n, ref o, ref p, key + 2);
                Round(ref q, ref r, ref s, ref t, key + 2);
                Round(ref u, ref v, ref w, ref x, key + 2);
                prefetch.Line(line + IPrefetch.LineElements);
                prefetch.Line(line + (2 * IPrefetch.LineElements));
            }

            Write(words, a, b, c, d);
            Write(words + 32, e, f, g, h);
            Write(words + 64, i, j, k, l);
            Write(words + 96, m, n, o, p);
            Write(words + 128, q, r, s, t);
            Write(words + 160, u, v, w, x);
        }

        Vector512<uint> c0 = Vector512.Create(stream), d0 = Vector512.Create(step);
        for (; element < end; element += Two, words += Two)
        {
            Vector512<uint> a = WideCounters(element), b = Vector512.Create((uint)(element >> 34)), c = c0, d = d0;
            Vector512<uint> e = WideCounters(element + 32), f = b, g = c0, h = d0;
            for (int round = 0; round < Rounds; round++)
            {
                Round(ref a, ref b, ref c, ref d, keys + (2 * round));
                Round(ref e, ref f, ref g, ref h, keys + (2 * round));
            }

            for (int line = 0; line < Two / IPrefetch.LineElements; line++)
            {
                prefetch.Line(element + (line * IPrefetch.LineElements));
            }

            Write(words, a, b, c, d);
            Write(words + 32, e, f, g, h);
        }
    }

    /// <summary>
    /// Two rounds at once of counters whose last three words are the same: only one product a round is not the same as well.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Begin(
        ref Vector512<uint> a, out Vector512<uint> b, out Vector512<uint> c, out Vector512<uint> d, Vector512<uint>* same)
    {
        Vector512<uint> product = Avx512F.Multiply(a, Vector512.Create(MultiplierA)).AsUInt32();
        c = same[0] ^ (product.AsUInt64() >>> 32).AsUInt32();
        b = Avx512F.Multiply(c, Vector512.Create(MultiplierB)).AsUInt32();
        a = same[1] ^ (b.AsUInt64() >>> 32).AsUInt32();
        c = product ^ same[2];
        d = same[3];
    }

    /// <summary>The low words of eight counters in the low halves of 64-bit places, as <see cref="Counters"/> does it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> WideCounters(long element) => Vector512.Create((uint)(element >> 2)) + Vector512.Create(
        0u, 0, 4, 0, 1, 0, 5, 0, 2, 0, 6, 0, 3, 0, 7, 0);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Round(
        ref Vector512<uint> a, ref Vector512<uint> b, ref Vector512<uint> c, ref Vector512<uint> d, Vector512<uint>* key)
    {
        Vector512<uint> productA = Avx512F.Multiply(a, Vector512.Create(MultiplierA)).AsUInt32(), productC = Avx512F.Multiply(
            c, Vector512.Create(MultiplierB)).AsUInt32();
        a = b ^ key[0] ^ (productC.AsUInt64() >>> 32).AsUInt32();
        c = d ^ key[1] ^ (productA.AsUInt64() >>> 32).AsUInt32();
        b = productC;
        d = productA;
    }

    /// <summary>Writes the 32 words of eight counters in element order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Write(uint* words, Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, Vector512<uint> d)
    {
        Vector512<ulong> low = Vector512.Create(0xFFFF_FFFFul);
        Vector512<ulong> ab = Vector512.ConditionalSelect(low, a.AsUInt64(), b.AsUInt64() << 32);
        Vector512<ulong> cd = Vector512.ConditionalSelect(low, c.AsUInt64(), d.AsUInt64() << 32);
        Avx512F.UnpackLow(ab, cd).AsUInt32().Store(words);
        Avx512F.UnpackHigh(ab, cd).AsUInt32().Store(words + 16);
    }

    /// <summary>
    /// The low words of four counters in the low halves of 64-bit places; in this order, unpacking pairs of words leaves
    /// neighbours in one vector.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Counters(long element) => Vector256.Create((uint)(element >> 2)) + Vector256.Create(
        0u, 0, 2, 0, 1, 0, 3, 0);

    /// <summary>The same of four counters.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Begin(
        ref Vector256<uint> a, out Vector256<uint> b, out Vector256<uint> c, out Vector256<uint> d, Vector256<uint>* same)
    {
        Vector256<uint> product = Avx2.Multiply(a, Vector256.Create(MultiplierA)).AsUInt32();
        c = same[0] ^ High(product);
        b = Avx2.Multiply(c, Vector256.Create(MultiplierB)).AsUInt32();
        a = same[1] ^ High(b);
        c = product ^ same[2];
        d = same[3];
    }

    /// <summary>A round of four counters; the upper halves of the places hold what nobody reads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Round(
        ref Vector256<uint> a, ref Vector256<uint> b, ref Vector256<uint> c, ref Vector256<uint> d, Vector256<uint>* key)
    {
        Vector256<uint> productA = Avx2.Multiply(a, Vector256.Create(MultiplierA)).AsUInt32(), productC = Avx2.Multiply(
            c, Vector256.Create(MultiplierB)).AsUInt32();
        a = b ^ key[0] ^ High(productC);
        c = d ^ key[1] ^ High(productA);
        b = productC;
        d = productA;
    }

    /// <summary>Writes the sixteen words of four counters in element order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Write(uint* words, Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, Vector256<uint> d)
    {
        Vector256<ulong> ab = Pair(a, b), cd = Pair(c, d);
        Avx2.UnpackLow(ab, cd).AsUInt32().Store(words);
        Avx2.UnpackHigh(ab, cd).AsUInt32().Store(words + 8);
    }

    /// <summary>
    /// The last round and the writing of the sixteen words: with its halves exchanged, a product has two of the words in place.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void End(
        uint* words, Vector256<uint> a, Vector256<uint> b, Vector256<uint> c, Vector256<uint> d, Vector256<uint>* key)
    {
        const byte Exchange = 0b10_11_00_01, Odd = 0b1010_1010;
        Vector256<uint> productA = Avx2.Multiply(a, Vector256.Create(MultiplierA)).AsUInt32(), productC = Avx2.Multiply(
            c, Vector256.Create(MultiplierB)).AsUInt32();
        Vector256<uint> zero = Vector256<uint>.Zero;
        Vector256<ulong> ab = (Avx2.Shuffle(productC, Exchange) ^ Avx2.Blend(b ^ key[0], zero, Odd)).AsUInt64();
        Vector256<ulong> cd = (Avx2.Shuffle(productA, Exchange) ^ Avx2.Blend(d ^ key[1], zero, Odd)).AsUInt64();
        Avx2.UnpackLow(ab, cd).AsUInt32().Store(words);
        Avx2.UnpackHigh(ab, cd).AsUInt32().Store(words + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> High(Vector256<uint> product) => (product.AsUInt64() >>> 32).AsUInt32();

    /// <summary>In each 64-bit place the low word of <paramref name="first"/>, then that of <paramref name="second"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Pair(Vector256<uint> first, Vector256<uint> second) =>
        Avx2.Blend(first, (second.AsUInt64() << 32).AsUInt32(), 0b1010_1010).AsUInt64();

    /// <summary>The random word of one element of a random array, by the convention above.</summary>
    /// <param name="seed">The seed k.</param>
    /// <param name="stream">The stream s: which of a run's random arrays.</param>
    /// <param name="step">The step t.</param>
    /// <param name="element">The element e.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="element"/> is negative.</exception>
    public static uint Word(ulong seed, uint stream, uint step, long element)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(element);
        Words1 c0 = new((uint)(element >> 2)), c1 = new((uint)(element >> 34)), c2 = new(stream), c3 = new(step);
        Generate(ref c0, ref c1, ref c2, ref c3, (uint)seed, (uint)(seed >> 32));
        return (element & 3) switch { 0 => c0.Value, 1 => c1.Value, 2 => c2.Value, _ => c3.Value };
    }

    /// <summary>
    /// What the first two rounds make of all counters (·, high, s, t) alike: words of the counter, with the keys, after the first
    /// round and after the second.
    /// </summary>
    private readonly struct Shared
    {
        /// <summary>What the third word is, but for the high half of the first product.</summary>
        public readonly uint C1;

        /// <summary>What the first word is, but for the high half of the second product.</summary>
        public readonly uint A2;

        /// <summary>What the third word is, but for the low half of the first product.</summary>
        public readonly uint C2;

        /// <summary>The fourth word.</summary>
        public readonly uint D2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Shared(long element, uint stream, uint step, uint key0, uint key1)
        {
            ulong first = (ulong)stream * MultiplierB;
            ulong second = (ulong)((uint)(element >> 34) ^ key0 ^ (uint)(first >> 32)) * MultiplierA;
            C1 = step ^ key1;
            A2 = (uint)first ^ unchecked(key0 + WeylA);
            C2 = unchecked(key1 + WeylB) ^ (uint)(second >> 32);
            D2 = (uint)second;
        }
    }

    private readonly struct Nothing : IPrefetch
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Line(long element)
        {
        }
    }
}
