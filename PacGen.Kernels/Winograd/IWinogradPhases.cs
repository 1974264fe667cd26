namespace PacGen.Kernels;

/// <summary>Which side of a convolution of stride 2 lies in four phases, as a type argument of its tile.</summary>
internal interface IWinogradPhases
{
    static abstract bool OfOutputs { get; }
}

/// <summary>Windows are two places apart in the images.</summary>
internal readonly struct InputPhases : IWinogradPhases
{
    static bool IWinogradPhases.OfOutputs => false;
}

/// <summary>Sums are two places apart in the output, as the gradients of such images are.</summary>
internal readonly struct OutputPhases : IWinogradPhases
{
    static bool IWinogradPhases.OfOutputs => true;
}
