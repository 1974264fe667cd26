namespace PacGen.Nn;

/// <summary>Where the prior of <see cref="FlatnessSearch"/>'s bounds is centred.</summary>
public enum FlatnessReference
{
    /// <summary>Nowhere: the flatness 1/σ² alone.</summary>
    None,

    /// <summary>At 0.</summary>
    Origin,

    /// <summary>At w₀, the weights from which training began.</summary>
    Init,
}
