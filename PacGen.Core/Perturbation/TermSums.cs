namespace PacGen.Core.Perturbation;

/// <summary>What <see cref="ITerms{TSettings}"/> came to over all parameters; 0 for what the terms don't have.</summary>
/// <param name="Sum0">The first sum.</param>
/// <param name="Sum1">The second sum.</param>
/// <param name="Largest0">The first maximum; without meaning where a sum is NaN.</param>
/// <param name="Largest1">The second maximum, likewise.</param>
public readonly record struct TermSums(double Sum0, double Sum1, double Largest0, double Largest1);
