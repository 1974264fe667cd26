namespace PacGen.Benchmarks.Training;

/// <summary>What of <see cref="OptimizerOptions"/> a verb chooses itself.</summary>
internal enum OptimizerUse
{
    /// <summary>Nothing.</summary>
    Whole,

    /// <summary>η and γ, lists of its own; there is always a perturbation.</summary>
    Grid,

    /// <summary>What is done beside the plain optimizer: perturbation, sharpness, weight decay.</summary>
    Methods,
}
