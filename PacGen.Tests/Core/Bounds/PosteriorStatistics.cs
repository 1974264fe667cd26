namespace PacGen.Tests.Core;

/// <summary>What a PAC-Bayes bound may know of a posterior.</summary>
/// <param name="Loss">𝔼L̂.</param>
/// <param name="Kl">KL to the uniform prior.</param>
/// <param name="KlOfScale">KL to a Gaussian prior of that variance, restricted to the same hypotheses.</param>
internal sealed record PosteriorStatistics(double Loss, double Kl, Func<double, double> KlOfScale);
