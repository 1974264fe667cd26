using ILGPU;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels.PerParameter;

/// <summary>The floats that <see cref="StepLedger"/> keeps on the device for the kernels of a step.</summary>
internal static class StepScalars
{
    /// <summary>How many there are.</summary>
    public const int Count = 4;

    /// <summary>Where the mode is: 0, the settings hold; <see cref="Followed"/>; <see cref="Refused"/>.</summary>
    public const int Mode = 0;

    /// <summary>Where the scale of the gradient is.</summary>
    public const int GradientScale = 1;

    /// <summary>Where <see cref="PerturbSettings.RhoScale"/> is.</summary>
    public const int RhoScale = 2;

    /// <summary>The mode in which the scalars here go before those of the settings.</summary>
    public const float Followed = 1;

    /// <summary>The mode in which a step has ended badly, and nothing is to change any more.</summary>
    public const float Refused = 2;

    /// <summary>The settings of a perturbation after the last step.</summary>
    public static PerturbSettings Apply(ArrayView<float> scalars, PerturbSettings settings)
    {
        if (scalars[Mode] == Followed)
        {
            settings.GradientScale = scalars[GradientScale];
            settings.RhoScale = scalars[RhoScale];
        }

        return settings;
    }

    /// <summary>The settings of this step's update.</summary>
    public static UpdateSettings Apply(ArrayView<float> scalars, UpdateSettings settings)
    {
        if (scalars[Mode] == Followed)
        {
            settings.GradientScale = scalars[GradientScale];
        }

        return settings;
    }
}
