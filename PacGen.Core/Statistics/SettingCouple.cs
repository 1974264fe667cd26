namespace PacGen.Core.Statistics;

/// <summary>Two settings of an <see cref="ExperimentDesign"/> that differ in exactly one hyper-parameter.</summary>
/// <param name="First">The first setting's number.</param>
/// <param name="Second">The second's.</param>
/// <param name="Factor">The number of the hyper-parameter in which they differ.</param>
/// <param name="Line">The number of the set of settings that agree in all hyper-parameters but this one.</param>
public readonly record struct SettingCouple(int First, int Second, int Factor, int Line);
