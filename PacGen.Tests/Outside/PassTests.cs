using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Tests.Outside;

/// <summary>
/// Passes over the parameters of one's own: a struct of terms, or of what is written, and a struct of scalars, on every device.
/// </summary>
public sealed class PassTests
{
    private const int Count = 5003;

    private static readonly float[] Values = [.. Enumerable.Range(0, Count).Select(i => ((i % 201) - 100) / 64f)];

    /// <summary>
    /// Σ s|w| and the number of weights beyond a limit, with the largest |w|: sums of multiples of 1/64, which floats hold
    /// exactly.
    /// </summary>
    [TestCase("cpu")]
    [TestCase("simulator")]
    public void ASumIsThatInDouble(string id)
    {
        Device device = Device.Open(id);
        using DeviceBuffer weights = device.Allocate(Count);
        weights.Write(0, Values);
        using SumLaunch<Limits> launch = SumLaunch<Limits>.Create<Magnitude>(device, new Region(weights));
        launch.Settings = new Limits { Scale = 2, Largest = 1 };
        launch.Run();
        TermSums result = launch.Result;
        Assert.That(result.Sum0, Is.EqualTo(Values.Sum(w => 2 * Math.Abs((double)w))));
        Assert.That(result.Sum1, Is.EqualTo(Values.Count(w => Math.Abs(w) > 1)));
        Assert.That(result.Largest0, Is.EqualTo(100 / 64.0));
    }

    /// <summary>Each weight is kept with a probability, by the word that <see cref="Philox"/> gives its element.</summary>
    [TestCase("cpu")]
    [TestCase("simulator")]
    public void AMapTakesEachElementsWord(string id)
    {
        Device device = Device.Open(id);
        using DeviceBuffer weights = device.Allocate(Count), kept = device.Allocate(Count);
        weights.Write(0, Values);
        using RandomMapLaunch<Draw> launch = RandomMapLaunch<Draw>.Create<Keep>(device, new Region(kept), new Region(weights));
        launch.Settings = new Draw { Probability = 0.25f, Seed = 9, Step = 4 };
        launch.Run();
        float[] result = new Region(kept).ToArray();
        for (int i = 0; i < Count; i++)
        {
            float uniform = UniformSampler.Unit<Float1, Words1>(new Words1(Philox.Word(9, 7, 4, i))).Value;
            Assert.That(result[i], Is.EqualTo(uniform < 0.25f ? Values[i] : 0f), $"element {i}");
        }

        Assert.That(result.Count(value => value != 0), Is.InRange(1100, 1400), "a quarter, but for chance");
    }

    /// <summary>A sum whose formula is split, of each weight's word and number.</summary>
    [TestCase("cpu")]
    [TestCase("simulator")]
    public void ASplitSumIsThatOfTheWholeFormula(string id)
    {
        Device device = Device.Open(id);
        using DeviceBuffer weights = device.Allocate(Count);
        weights.Write(0, Values);
        using SumLaunch<Draw> launch = SumLaunch<Draw>.Create<KeptMagnitude>(device, new Region(weights));
        launch.Settings = new Draw { Probability = 0.25f, Seed = 9, Step = 4 };
        launch.Run();
        bool[] kept = [.. Enumerable.Range(0, Count).Select(
            i => UniformSampler.Unit<Float1, Words1>(new Words1(Philox.Word(9, 7, 4, i))).Value < 0.25f)];
        Assert.That(launch.Result.Sum0, Is.EqualTo(Values.Where((_, i) => kept[i]).Sum(w => 2 * Math.Abs((double)w))));
        Assert.That(launch.Result.Sum1, Is.EqualTo(kept.Count(one => one)));
    }

    /// <summary>The scalars of <see cref="Magnitude"/>.</summary>
    public struct Limits
    {
        /// <summary>s.</summary>
        public float Scale;

        /// <summary>The limit.</summary>
        public float Largest;
    }

    /// <summary>s|w|, and 1 where |w| is beyond the limit; the largest of |w|.</summary>
    public readonly struct Magnitude : ITerms<Limits>
    {
        /// <inheritdoc/>
        public static int Inputs => 1;

        /// <inheritdoc/>
        public static int Sums => 2;

        /// <inheritdoc/>
        public static int Maxima => 2;

        /// <inheritdoc/>
        public static void Of<T, TWords>(
            T a, T b, T c, TWords word, Limits settings, out T sum0, out T sum1, out T largest0, out T largest1)
            where T : struct, ILane<T, TWords>
            where TWords : struct, IWords<TWords>
        {
            T size = T.Abs(a);
            sum0 = size * T.Constant(settings.Scale);
            sum1 = T.Select(T.Less(T.Constant(settings.Largest), size), T.Constant(1f), T.Constant(0f));
            largest0 = largest1 = size;
        }
    }

    /// <summary>The scalars of <see cref="Keep"/>.</summary>
    public struct Draw
    {
        /// <summary>The probability that a weight stays.</summary>
        public float Probability;

        /// <summary>The seed, of 32 bits here.</summary>
        public uint Seed;

        /// <summary>The step.</summary>
        public uint Step;
    }

    /// <summary>w with a probability, else 0.</summary>
    public readonly struct Keep : IRandomMap<Draw>
    {
        /// <inheritdoc/>
        public static int Inputs => 1;

        /// <inheritdoc/>
        public static PhiloxDraw Random(Draw settings) => new(settings.Seed, 7, settings.Step);

        /// <inheritdoc/>
        public static LaneConstants<T> Constants<T>(Draw settings)
            where T : struct, ILane<T> => new(settings.Probability);

        /// <inheritdoc/>
        public static T Of<T, TWords>(T a, T b, T c, T first, TWords word, in LaneConstants<T> constants)
            where T : struct, ILane<T, TWords>
            where TWords : struct, IWords<TWords> =>
            T.Select(T.Less(UniformSampler.Unit<T, TWords>(word), constants.C0), a, T.Constant(0f));
    }

    /// <summary>2|w| with a probability, and how many there are; doubled in the last step.</summary>
    public readonly struct KeptMagnitude : ITerms<Draw>
    {
        /// <inheritdoc/>
        public static int Inputs => 1;

        /// <inheritdoc/>
        public static int Sums => 2;

        /// <inheritdoc/>
        public static bool UsesWords => true;

        /// <inheritdoc/>
        public static bool IsSplit => true;

        /// <inheritdoc/>
        public static PhiloxDraw Random(Draw settings) => Keep.Random(settings);

        /// <inheritdoc/>
        public static void Of<T, TWords>(
            T a, T b, T c, TWords word, Draw settings, out T sum0, out T sum1, out T largest0, out T largest1)
            where T : struct, ILane<T, TWords>
            where TWords : struct, IWords<TWords>
        {
            First(a, b, c, word, settings, out T first, out sum1, out largest0, out largest1);
            sum0 = Last(first);
        }

        /// <inheritdoc/>
        public static void First<T, TWords>(
            T a, T b, T c, TWords word, Draw settings, out T first, out T sum1, out T largest0, out T largest1)
            where T : struct, ILane<T, TWords>
            where TWords : struct, IWords<TWords>
        {
            T kept = T.Less(UniformSampler.Unit<T, TWords>(word), T.Constant(settings.Probability));
            first = T.Select(kept, T.Abs(a), T.Constant(0f));
            sum1 = T.Select(kept, T.Constant(1f), T.Constant(0f));
            largest0 = largest1 = default;
        }

        /// <inheritdoc/>
        public static T Last<T>(T first)
            where T : struct, ILane<T> => first + first;
    }
}
