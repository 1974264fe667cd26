using System.Runtime.InteropServices;
using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>From arrays, and from one set in two parts.</content>
public sealed partial record Dataset
{
    /// <summary>The stream of random numbers that chooses what is tested on.</summary>
    private const uint TestStream = 0x8000_0006;

    /// <summary>
    /// A data set from arrays: the first axis counts the samples, the others are the extents of one. Arrays of
    /// <see cref="float"/>, <see cref="double"/>, <see cref="int"/>, <see cref="long"/>, <see cref="byte"/> and
    /// <see cref="bool"/> of any rank are taken, and rows in rows (<c>float[][]</c>); numbers are kept in single precision.
    /// </summary>
    /// <param name="samples">N samples; of rank 1, each is one number.</param>
    /// <param name="targets">N targets.</param>
    /// <param name="kind">What targets are. Without it whole numbers of one axis, or of one column, are classes,
    /// <see cref="bool"/>s of two axes are labels, and other numbers are values.</param>
    /// <param name="testPart">The share of the samples that is tested on, in (0, 1).</param>
    /// <param name="seed">Chooses those.</param>
    /// <param name="name">What the data set is called.</param>
    /// <exception cref="ArgumentException">The lengths disagree, a number is NaN or infinite, or not what targets of this kind
    /// are.</exception>
    /// <example>
    /// <code>
    /// Dataset data = Dataset.FromArrays(x, y).Normalized();              // float[,] x, float[] y
    /// </code>
    /// </example>
    public static Dataset FromArrays(
        Array samples, Array targets, TargetKind? kind = null, double testPart = 0.2, ulong seed = 1, string name = "arrays")
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentNullException.ThrowIfNull(targets);
        return Split(SetOf(samples, targets, kind, 1), testPart, seed, name);
    }

    /// <summary>A data set from arrays to train on and arrays to test on.</summary>
    /// <param name="trainSamples">Samples to train on.</param>
    /// <param name="trainTargets">Their targets.</param>
    /// <param name="testSamples">Samples to test on.</param>
    /// <param name="testTargets">Their targets.</param>
    /// <param name="kind">What targets are.</param>
    /// <param name="name">What the data set is called.</param>
    /// <inheritdoc cref="FromArrays(Array, Array, TargetKind?, double, ulong, string)"/>
    public static Dataset FromArrays(
        Array trainSamples, Array trainTargets, Array testSamples, Array testTargets, TargetKind? kind = null,
        string name = "arrays")
    {
        ArgumentNullException.ThrowIfNull(trainSamples);
        ArgumentNullException.ThrowIfNull(trainTargets);
        ArgumentNullException.ThrowIfNull(testSamples);
        ArgumentNullException.ThrowIfNull(testTargets);
        ArraySet test = SetOf(testSamples, testTargets, kind, 1), train = SetOf(trainSamples, trainTargets, kind, test.Classes);
        if (train.Classes > test.Classes)
        {
            test = SetOf(testSamples, testTargets, kind, train.Classes);
        }

        Dataset data = new(name, train, test);
        data.RequireOneForm();
        return data;
    }

    /// <summary>A data set of the parts of one set, without a common sample.</summary>
    /// <param name="set">All samples.</param>
    /// <param name="testPart">The share that is tested on, in (0, 1).</param>
    /// <param name="seed">Chooses those, each sample as likely as any other.</param>
    /// <param name="name">What the data set is called.</param>
    /// <exception cref="ArgumentException">A part would be empty.</exception>
    public static Dataset Split(SampleSet set, double testPart = 0.2, ulong seed = 1, string name = "samples")
    {
        ArgumentNullException.ThrowIfNull(set);
        int test = testPart is > 0 and < 1 ? (int)Math.Round(testPart * set.Count) : 0;
        if (test < 1 || test >= set.Count)
        {
            throw new ArgumentException(
                $"A part of {testPart} to test on leaves one of two parts of {set.Count} {set.Noun} empty: it must be in (0, 1).",
                nameof(testPart));
        }

        ReadOnlySpan<int> order = SplitOrder(set.Count, test, seed);
        return new Dataset(name, set.Subset(order[..^test]), set.Subset(order[^test..]));
    }

    /// <summary>The indices that are trained on, in order, and behind them those that are tested on, in order.</summary>
    internal static int[] SplitOrder(int count, int test, ulong seed)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        new RandomStream(seed, TestStream).Shuffle(order);
        int[] tested = order[..test], trained = order[test..];
        Array.Sort(tested);
        Array.Sort(trained);
        return [.. trained, .. tested];
    }

    /// <summary>
    /// The data set with both parts normalised by the mean and the standard deviation of the training samples, channel by
    /// channel.
    /// </summary>
    public Dataset Normalized() => Normalized(Normalization.Fit(Train));

    /// <summary>The data set with both parts under a normalisation.</summary>
    /// <param name="normalization">For bytes or for numbers, as the samples are.</param>
    /// <exception cref="ArgumentException">It does not fit the samples.</exception>
    public Dataset Normalized(Normalization normalization) => this with
    {
        Train = Train.With(normalization),
        Test = Test.With(normalization),
    };

    /// <summary>
    /// The data set with values for targets that are standardised by the mean and the standard deviation of the training targets,
    /// value by value: whatever units they are in, a network learns numbers of order 1. Metrics and predictions stay in the
    /// values' own units; the loss is in those of their variance. Other targets stay as they are.
    /// </summary>
    public Dataset WithStandardizedTargets()
    {
        if (Train.Target.Kind != TargetKind.Values)
        {
            return this;
        }

        (double[] mean, double[] deviation) = Train.TargetStatistics();
        return WithTargets(Normalization.OfNumbers(
            Array.ConvertAll(mean, one => (float)one), Array.ConvertAll(deviation, one => (float)one > 0 ? (float)one : 1)));
    }

    /// <summary>The data set with values for targets that are standardised by a mean and a deviation of each.</summary>
    /// <param name="scale">A mean and a deviation for each value of a target.</param>
    /// <exception cref="ArgumentException">The targets are no values, or not as many.</exception>
    public Dataset WithTargets(Normalization scale) => this with
    {
        Train = Train.WithTargets(scale),
        Test = Test.WithTargets(scale),
    };

    private static ArraySet SetOf(Array samples, Array targets, TargetKind? kind, int leastClasses)
    {
        (float[] x, int[] shape) = Numbers(samples, nameof(samples));
        (float[] y, int[] form) = Numbers(targets, nameof(targets));
        if (shape[0] != form[0])
        {
            throw new ArgumentException($"There are {shape[0]} samples but {form[0]} targets.", nameof(targets));
        }

        int width = y.Length / form[0];
        bool whole = targets is int[] or long[] or byte[] or bool[] || (targets is int[,] or long[,] or byte[,] && width == 1);
        Shape sample = new(shape.Length == 1 ? [1] : shape.AsSpan(1));
        kind ??= whole ? TargetKind.Class : targets is bool[,] ? TargetKind.Bits : TargetKind.Values;
        if (kind != TargetKind.Class)
        {
            return new ArraySet(x, sample, y, new TargetForm(kind.Value, width));
        }

        const float MostClasses = 1 << 24;
        int wrong = Array.FindIndex(y, value => !(value >= 0 && value < MostClasses && value == MathF.Floor(value)));
        return wrong >= 0 || width != 1
            ? throw new ArgumentException(
                width != 1 ? $"A class is one number, but targets have {width}: say what kind they are."
                    : $"Target {wrong} is {y[wrong]}, but a class is a whole number from 0 to {(int)MostClasses - 1}.",
                nameof(targets))
            : new ArraySet(
                x, sample, Array.ConvertAll(y, value => (int)value), Math.Max(leastClasses, (int)y.Max() + 1));
    }

    /// <summary>An array's numbers in row-major order, and its extents.</summary>
    private static (float[] Numbers, int[] Extents) Numbers(Array array, string name)
    {
        int[] extents = [.. Enumerable.Range(0, array.Rank).Select(array.GetLength)];
        if (array.Length == 0)
        {
            throw new ArgumentException($"There are no {name}.", name);
        }

        if (array is Array[] rows)
        {
            (float[] Numbers, int[] Extents)[] parts = Array.ConvertAll(
                rows, row => Numbers(row ?? throw new ArgumentException($"One of the {name} is null.", name), name));
            int odd = Array.FindIndex(parts, part => !part.Extents.AsSpan().SequenceEqual(parts[0].Extents));
            return odd < 0 ? ([.. parts.SelectMany(part => part.Numbers)], [rows.Length, .. parts[0].Extents])
                : throw new ArgumentException($"Row {odd} of the {name} has another shape than row 0.", name);
        }

        float[] numbers = new float[array.Length];
        switch (array)
        {
            case var _ when Is<float>():
                All<float>().CopyTo(numbers);
                break;
            case var _ when Is<double>():
                Convert(All<double>(), value => (float)value);
                break;
            case var _ when Is<int>():
                Convert(All<int>(), value => value);
                break;
            case var _ when Is<long>():
                Convert(All<long>(), value => value);
                break;
            case var _ when Is<byte>():
                Convert(All<byte>(), value => value);
                break;
            case var _ when Is<bool>():
                Convert(All<bool>(), value => value ? 1 : 0);
                break;
            default:
                throw new ArgumentException(
                    $"Arrays of {array.GetType().GetElementType()!.Name} are not taken: give float, double, int, long, byte or " +
                        $"bool.",
                    name);
        }

        return (numbers, extents);

        bool Is<T>() => array.GetType().GetElementType() == typeof(T);

        ReadOnlySpan<T> All<T>() => MemoryMarshal.CreateReadOnlySpan(
            ref System.Runtime.CompilerServices.Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(array)), array.Length);

        void Convert<T>(ReadOnlySpan<T> values, Func<T, float> one)
        {
            for (int i = 0; i < values.Length; i++)
            {
                numbers[i] = one(values[i]);
            }
        }
    }
}
