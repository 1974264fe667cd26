using PacGen.Core.Perturbation;

namespace PacGen.Kernels;

/// <summary>
/// Lines 6 to 10 of Algorithm 1 for all parameters in one pass: w + u, u sampled anew from the settings' seed, stream and step.
/// Moves 16 bytes a parameter: reads w, h and g, writes w + u.
/// </summary>
public static class PerturbLaunch
{
    /// <summary>Binds the pass to its memory. Its settings are <see cref="PerturbSettings.None"/> at first.</summary>
    /// <typeparam name="TNoise">The distribution of u.</typeparam>
    /// <param name="device">The device.</param>
    /// <param name="weights">w.</param>
    /// <param name="secondMoment">h.</param>
    /// <param name="gradient">g of the last completed step.</param>
    /// <param name="output">Where w + u goes; may be any one of the three inputs.</param>
    /// <returns>The pass, bound; each run of it draws once.</returns>
    /// <exception cref="ArgumentException">The regions differ in length or lie on another device.</exception>
    /// <exception cref="NotSupportedException">The device has no such kernel.</exception>
    public static RandomMapLaunch<PerturbSettings> Create<TNoise>(
        Device device, Region weights, Region secondMoment, Region gradient, Region output)
        where TNoise : struct, INoise
    {
        RandomMapLaunch<PerturbSettings> launch = RandomMapLaunch<PerturbSettings>.Create<Perturbed<TNoise>, StepPerturbation>(
            device, output, weights, secondMoment, gradient);
        launch.Settings = PerturbSettings.None;
        return launch;
    }
}
