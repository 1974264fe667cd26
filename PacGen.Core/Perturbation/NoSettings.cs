namespace PacGen.Core.Perturbation;

/// <summary>The scalars of <see cref="ITerms{TSettings}"/> that need none.</summary>
public readonly struct NoSettings;
