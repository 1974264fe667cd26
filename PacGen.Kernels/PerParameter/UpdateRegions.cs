
namespace PacGen.Kernels;

/// <summary>
/// The memory of an update. Where it has no h, <see cref="SecondMoment"/> is w, as is a state that the rule doesn't keep: never
/// touched.
/// </summary>
/// <param name="Weights">w.</param>
/// <param name="Gradient">g.</param>
/// <param name="SecondMoment">h.</param>
/// <param name="States">What the rule keeps.</param>
internal sealed record UpdateRegions(Region Weights, Region Gradient, Region SecondMoment, Region[] States)
{
    public Region State(int index) => index < States.Length ? States[index] : Weights;
}
