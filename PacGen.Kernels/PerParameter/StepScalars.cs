using ILGPU;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels.PerParameter;

/// <summary>
/// The floats that <see cref="StepLedger"/> keeps on the device for the kernels of a step: what they hand each other, then what the host
/// sends before each step, so that every launch has the same arguments in every step.
/// </summary>
internal static class StepScalars
{
    /// <summary>How many there are.</summary>
    public const int Count = 32;

    /// <summary>Where the mode is: 0, the launches' own settings hold; <see cref="Begun"/>, <see cref="Followed"/> or <see cref="Refused"/>.</summary>
    public const int Mode = 0;

    /// <summary>Where the scale of the gradient is.</summary>
    public const int GradientScale = 1;

    /// <summary>Where <see cref="PerturbSettings.RhoScale"/> is.</summary>
    public const int RhoScale = 2;

    /// <summary>Where what the host sends begins: the settings of the update, those of the perturbation, and two doubles in two words each.</summary>
    public const int Sent = 4;

    /// <summary>Where the largest norm of the gradient is.</summary>
    public const int LargestNorm = Perturb + 11;

    /// <summary>Where <see cref="HessianLipschitz.Numerator"/> is.</summary>
    public const int Numerator = LargestNorm + 2;

    /// <summary>The mode in which the settings here hold.</summary>
    public const float Begun = 3;

    /// <summary>The mode in which the settings here hold, but for what the last step has left.</summary>
    public const float Followed = 1;

    /// <summary>The mode in which a step has ended badly, and nothing is to change any more.</summary>
    public const float Refused = 2;

    private const int Update = Sent, Perturb = Update + 12;

    /// <summary>What the host sends.</summary>
    public static void Fill(Span<float> sent, in UpdateSettings update, in PerturbSettings perturb, double largestNorm, double numerator)
    {
        ReadOnlySpan<float> values =
        [
            update.LearningRate, update.WeightDecay, update.Shrinkage, update.Momentum, update.OneMinusBeta1, update.Beta2, update.OneMinusBeta2,
            update.RootCorrection, update.Epsilon, update.GradientScale, update.SecondMomentBeta, update.OneMinusSecondMomentBeta,
            perturb.Gamma, perturb.Epsilon, perturb.CurvatureScale, perturb.RhoScale, perturb.GradientThreshold, perturb.GradientScale, perturb.SecondMomentScale,
            Word(perturb.Key0), Word(perturb.Key1), Word(perturb.Stream), Word(perturb.Step),
            High(largestNorm), Low(largestNorm), High(numerator), Low(numerator),
        ];
        values.CopyTo(sent);

        static float Word(uint bits) => BitConverter.UInt32BitsToSingle(bits);

        static float High(double value) => Word((uint)(BitConverter.DoubleToUInt64Bits(value) >> 32));

        static float Low(double value) => Word((uint)BitConverter.DoubleToUInt64Bits(value));
    }

    /// <summary>In a kernel: the settings of a perturbation.</summary>
    public static PerturbSettings Apply(ArrayView<float> scalars, PerturbSettings settings)
    {
        float mode = scalars[Mode];
        if (mode != 0f)
        {
            settings.Gamma = scalars[Perturb];
            settings.Epsilon = scalars[Perturb + 1];
            settings.CurvatureScale = scalars[Perturb + 2];
            settings.RhoScale = scalars[mode == Followed ? RhoScale : Perturb + 3];
            settings.GradientThreshold = scalars[Perturb + 4];
            settings.GradientScale = scalars[mode == Followed ? GradientScale : Perturb + 5];
            settings.SecondMomentScale = scalars[Perturb + 6];
            settings.Key0 = Bits(scalars, Perturb + 7);
            settings.Key1 = Bits(scalars, Perturb + 8);
            settings.Stream = Bits(scalars, Perturb + 9);
            settings.Step = Bits(scalars, Perturb + 10);
        }

        return settings;
    }

    /// <summary>In a kernel: the settings of an update.</summary>
    public static UpdateSettings Apply(ArrayView<float> scalars, UpdateSettings settings)
    {
        if (scalars[Mode] != 0f)
        {
            settings.LearningRate = scalars[Update];
            settings.WeightDecay = scalars[Update + 1];
            settings.Shrinkage = scalars[Update + 2];
            settings.Momentum = scalars[Update + 3];
            settings.OneMinusBeta1 = scalars[Update + 4];
            settings.Beta2 = scalars[Update + 5];
            settings.OneMinusBeta2 = scalars[Update + 6];
            settings.RootCorrection = scalars[Update + 7];
            settings.Epsilon = scalars[Update + 8];
            settings.GradientScale = scalars[GradientScale];
            settings.SecondMomentBeta = scalars[Update + 10];
            settings.OneMinusSecondMomentBeta = scalars[Update + 11];
        }

        return settings;
    }

    /// <summary>In a kernel: a double that was sent in two words.</summary>
    public static double Double(ArrayView<float> scalars, int at) =>
        BitConverter.Int64BitsToDouble((long)(((ulong)Bits(scalars, at) << 32) | Bits(scalars, at + 1)));

    private static uint Bits(ArrayView<float> scalars, int at) => (uint)BitConverter.SingleToInt32Bits(scalars[at]);
}
