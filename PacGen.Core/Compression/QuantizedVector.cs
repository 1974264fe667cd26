using System.Globalization;
using MathNet.Numerics;

namespace PacGen.Core.Compression;

/// <summary>
/// Numbers that take K levels, and the message that describes them: how many numbers, the levels, and which number has which, in
/// a prefix-free code. A decoder needs the message alone, so 2^−length is a prior of <see cref="Bounds.CompressionBound"/>,
/// whatever was tried to find the numbers (Zhou et al. 2019; Lotfi et al. 2022).
/// </summary>
/// <remarks>
/// The message: Elias's γ code of the count plus 1, and nothing more where there are none; one bit, 1 for a codebook; γ of K; the
/// levels, 6 bits for the step of even ones, or 16 a level, its half-precision number; and, where K is above 1, the indices in an
/// arithmetic code with adaptive counts.
/// </remarks>
/// <example>
/// <code>
/// QuantizedVector coarse = QuantizedVector.Even(numbers, 7);
/// BitMessage message = coarse.ToMessage();
/// float[] again = QuantizedVector.Of(message).ToArray();
/// BoundResult bound = CompressionBound.Exact(errors, message.Length, n, 0.05);
/// </code>
/// </example>
public sealed class QuantizedVector
{
    private const int StepBits = 6, LevelBits = 16, MostLevels = 1 << 16;
    private readonly float[] levels;
    private readonly int[] indices;
    private readonly int? step;

    private QuantizedVector(float[] levels, int[] indices, int? step) =>
        (this.levels, this.indices, this.step) = (levels, indices, step);

    /// <summary>No numbers, in a message of one bit.</summary>
    public static QuantizedVector Empty { get; } = new([], [], null);

    /// <summary>How many numbers there are.</summary>
    public int Count => indices.Length;

    /// <summary>The levels, in rising order.</summary>
    public IReadOnlyList<float> Levels => levels;

    /// <summary>Which level each number has.</summary>
    public IReadOnlyList<int> Indices => indices;

    /// <summary>
    /// Whether the levels are a codebook, written out; else multiples of a step, or, of an even K, halfway between.
    /// </summary>
    public bool HasCodebook => step is null && Count > 0;

    /// <summary>
    /// The numbers on K even levels around 0, at the one of 64 steps 2^((e − 40)/2) whose squared error is least.
    /// </summary>
    /// <param name="values">Finite numbers.</param>
    /// <param name="count">K, 1 to 65,536.</param>
    /// <exception cref="ArgumentException">There are no numbers, too many, or one is not finite.</exception>
    public static QuantizedVector Even(ReadOnlySpan<float> values, int count)
    {
        Check(values, count);
        (double Error, int Step) best = (double.PositiveInfinity, 0);
        for (int e = 0; e < 1 << StepBits; e++)
        {
            float[] levels = EvenLevels(e, count);
            double error = 0;
            foreach (float value in values)
            {
                double off = value - levels[Nearest(levels, value)];
                error += off * off;
            }

            if (error < best.Error)
            {
                best = (error, e);
            }
        }

        return new QuantizedVector(EvenLevels(best.Step, count), Assign(EvenLevels(best.Step, count), values), best.Step);
    }

    /// <summary>
    /// The numbers on at most K levels of their own, of half precision, by Lloyd's algorithm (k-means) from their quantiles: each
    /// level the mean of the numbers that are nearest to it.
    /// </summary>
    /// <param name="values">Finite numbers.</param>
    /// <param name="count">K, 1 to 65,536.</param>
    /// <exception cref="ArgumentException">There are no numbers, too many, or one is not finite.</exception>
    public static QuantizedVector Codebook(ReadOnlySpan<float> values, int count)
    {
        Check(values, count);
        float[] sorted = values.ToArray();
        Array.Sort(sorted);
        double[] centers = [.. Enumerable.Range(0, count).Select(
            k => (double)sorted[(int)(((2L * k) + 1) * sorted.Length / (2L * count))]).Distinct()];
        for (int round = 0; round < 100; round++)
        {
            double[] sums = new double[centers.Length];
            long[] counts = new long[centers.Length];
            int near = 0;
            foreach (float value in sorted)
            {
                while (near + 1 < centers.Length && Math.Abs(centers[near + 1] - value) < Math.Abs(centers[near] - value))
                {
                    near++;
                }

                sums[near] += value;
                counts[near]++;
            }

            double[] next = [.. Enumerable.Range(0, centers.Length).Where(k => counts[k] > 0).Select(k => sums[k] / counts[k])];
            if (next.AsSpan().SequenceEqual(centers))
            {
                break;
            }

            centers = next;
        }

        float[] levels = [.. centers.Select(Rounded).Distinct()];
        int[] indices = Assign(levels, values);

        // A level that rounding left without a number is not written.
        int[] used = [.. indices.Distinct().Order()];
        return new QuantizedVector(
            [.. used.Select(index => levels[index])], [.. indices.Select(index => Array.BinarySearch(used, index))], null);
    }

    /// <summary>Other numbers on these levels, each on the nearest.</summary>
    /// <param name="values">Finite numbers.</param>
    /// <exception cref="ArgumentException">There are no numbers, too many, or one is not finite; or there are no
    /// levels.</exception>
    public QuantizedVector Like(ReadOnlySpan<float> values)
    {
        Check(values, Math.Max(levels.Length, 1));
        return levels.Length > 0 ? new QuantizedVector(levels, Assign(levels, values), step)
            : throw new ArgumentException("There are no levels that numbers could be on.", nameof(values));
    }

    /// <summary>The numbers that a message describes.</summary>
    /// <param name="message">What <see cref="ToMessage"/> made.</param>
    /// <param name="most">More numbers than this are refused before memory is taken: a stranger's short message may speak of
    /// 2²⁹.</param>
    /// <exception cref="FormatException">No vector has this message, or one of more numbers.</exception>
    public static QuantizedVector Of(BitMessage message, int most = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(message);
        BitReader reader = new(message);
        uint count = reader.Gamma() - 1;
        if (count == 0)
        {
            return message.Length == 1 ? Empty : throw Unread();
        }

        bool own = reader.Bit();
        uint k = reader.Gamma();
        if (count > Math.Min(most, ArithmeticCode.Most) || k > MostLevels || (own && k * (long)LevelBits > message.Length))
        {
            throw Unread();
        }

        int? step = own ? null : (int)reader.Number(StepBits);
        float[] levels = step is { } even ? EvenLevels(even, (int)k)
            : [.. Enumerable.Range(0, (int)k).Select(
                _ => (float)BitConverter.UInt16BitsToHalf((ushort)reader.Number(LevelBits)))];
        if (!Array.TrueForAll(levels, float.IsFinite) || levels.Zip(levels.Skip(1)).Any(two => two.First > two.Second))
        {
            throw Unread();
        }

        QuantizedVector read = new(
            levels, k == 1 ? new int[count] : ArithmeticCode.Read(reader, (int)count, (int)k), step);
        BitMessage again = read.ToMessage();
        return again.Length == message.Length && again.Bytes.SequenceEqual(message.Bytes) ? read : throw Unread();

        static FormatException Unread() => new("The message describes no quantised numbers: it is cut, or another's.");
    }

    /// <summary>The message that describes the numbers.</summary>
    public BitMessage ToMessage()
    {
        BitWriter writer = new();
        writer.Gamma((uint)Count + 1);
        if (Count == 0)
        {
            return writer.Message();
        }

        writer.Bit(step is null);
        writer.Gamma((uint)levels.Length);
        if (step is { } even)
        {
            writer.Number((uint)even, StepBits);
        }
        else
        {
            foreach (float level in levels)
            {
                writer.Number(BitConverter.HalfToUInt16Bits((Half)level), LevelBits);
            }
        }

        if (levels.Length > 1)
        {
            ArithmeticCode.Write(writer, indices, levels.Length);
        }

        return writer.Message();
    }

    /// <summary>The numbers.</summary>
    public float[] ToArray() => [.. indices.Select(index => levels[index])];

    /// <summary>
    /// log₂((m + K − 1)!/((K − 1)! Πn_c!)), what the arithmetic code comes to for m indices of which n_c have level c, but for
    /// its last 2 bits and rounding.
    /// </summary>
    public double IdealIndexBits()
    {
        if (levels.Length <= 1)
        {
            return 0;
        }

        double nats = SpecialFunctions.GammaLn(Count + levels.Length) - SpecialFunctions.GammaLn(levels.Length);
        foreach (IGrouping<int, int> group in indices.GroupBy(index => index))
        {
            nats -= SpecialFunctions.GammaLn(group.Count() + 1d);
        }

        return nats / Math.Log(2);
    }

    /// <summary>How many numbers, how many levels.</summary>
    public override string ToString() => Count == 0 ? "no numbers" : string.Create(
        CultureInfo.InvariantCulture,
        $"{Count:N0} numbers on {levels.Length} {(HasCodebook ? "levels of a codebook" : "even levels")}");

    private static void Check(ReadOnlySpan<float> values, int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MostLevels);
        if (values.IsEmpty || values.Length > ArithmeticCode.Most - MostLevels)
        {
            throw new ArgumentException(
                $"{values.Length} numbers can't be described: there must be 1 to {ArithmeticCode.Most - MostLevels}.",
                nameof(values));
        }

        foreach (float value in values)
        {
            if (!float.IsFinite(value))
            {
                throw new ArgumentException($"A number is {value}, but must be finite.", nameof(values));
            }
        }
    }

    /// <summary>Powers of 2 and these times √2, exact or rounded once, whatever the machine.</summary>
    private static float[] EvenLevels(int e, int count)
    {
        double size = Math.ScaleB(e % 2 == 0 ? 1 : Math.Sqrt(2), (e / 2) - 20);
        return [.. Enumerable.Range(0, count).Select(j => (float)((j - ((count - 1) / 2d)) * size))];
    }

    private static float Rounded(double value)
    {
        float half = (float)(Half)value;
        return float.IsFinite(half) ? half : MathF.CopySign((float)Half.MaxValue, half);
    }

    private static int[] Assign(float[] levels, ReadOnlySpan<float> values)
    {
        int[] indices = new int[values.Length];
        for (int i = 0; i < indices.Length; i++)
        {
            indices[i] = Nearest(levels, values[i]);
        }

        return indices;
    }

    private static int Nearest(float[] levels, float value)
    {
        int at = Array.BinarySearch(levels, value);
        at = at >= 0 ? at : ~at;
        return at == 0 ? 0
            : at == levels.Length || value - levels[at - 1] <= levels[at] - value ? at - 1
            : at;
    }
}
