namespace PacGen.Nn;

/// <summary>What <see cref="Certifier"/> is doing.</summary>
public enum CertifyPhase
{
    /// <summary>Training the prior's weights on S₀.</summary>
    Prior,

    /// <summary>Training a posterior, once for each of the prior's levels.</summary>
    Posterior,

    /// <summary>Choosing one of the prior's levels, by draws of their own.</summary>
    Choosing,

    /// <summary>Drawing weights and looking at images of S₁ with them.</summary>
    Drawing,

    /// <summary>Losses on the test set.</summary>
    Testing,

    /// <summary>Training the numbers of a compressed network, once for each of its dimensions.</summary>
    Compressing,
}
