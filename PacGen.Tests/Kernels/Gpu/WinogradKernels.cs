using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>The transforms of convolutions by Winograd on a GPU.</summary>
internal static class WinogradKernels
{
    public static IReadOnlyList<KernelInstance> All =>
    [
        .. Of<WinogradMaps2.Images, WinogradMaps2.Weights, WinogradMaps2.Sums, WinogradMaps2.Gradients,
            WinogradMaps2.WeightGradients>("2 × 2"),
        .. Of<WinogradMaps4.Images, WinogradMaps4.Weights, WinogradMaps4.Sums, WinogradMaps4.Gradients,
            WinogradMaps4.WeightGradients>("4 × 4"),
    ];

    private static KernelInstance[] Of<TImages, TWeights, TSums, TGradients, TWeightGradients>(string tiles)
        where TImages : struct, IWinogradMap
        where TWeights : struct, IWinogradMap
        where TSums : struct, IWinogradMap
        where TGradients : struct, IWinogradMap
        where TWeightGradients : struct, IWinogradMap =>
    [
        new($"images, {tiles}", WinogradTransform<TImages, WinogradPlaces, WinogradNumbers>.Method, true, true),
        new($"weights, {tiles}", WinogradTransform<TWeights, WinogradNumbers, WinogradNumbers>.Method, true, true),
        new($"gradients, {tiles}", WinogradTransform<TGradients, WinogradPlaces, WinogradNumbers>.Method, true, true),
        new(
            $"weights' gradients, {tiles}", WinogradTransform<TWeightGradients, WinogradNumbers, WinogradNumbers>.Method, true,
            true),
        new($"turned weights, {tiles}", WinogradTransform<TWeights, WinogradTurnedWeights, WinogradNumbers>.Method, false, true),
        new(
            $"sums, {tiles}", WinogradTransform<TSums, WinogradNumbers, WinogradOutputs>.Method, true, true),
        new(
            $"sums, {tiles}: multiply(x0, step(x1))",
            WinogradTransform<TSums, WinogradNumbers, WinogradFusedOutputs<
                Apply<MultiplyFunction, Argument0, Apply<StepFunction, Argument1>>, Another<NoArgument>>>.Method, true, true),
        new(
            $"sums, {tiles}: add(add(x0, x1), x2)",
            WinogradTransform<TSums, WinogradNumbers, WinogradFusedOutputs<
                Apply<AddFunction, Apply<AddFunction, Argument0, Argument1>, Argument2>, Another<Another<NoArgument>>>>.Method,
            true, true),
    ];
}
