namespace PacGen.Nn;

/// <summary>
/// What <see cref="LogitStatistics"/> makes of a classifier's outputs; γ is the margin that 90 % of the images exceed.
/// </summary>
public enum LogitQuantity
{
    /// <summary>γ, the 10th percentile of f(x)_y − max_{c ≠ y} f(x)_c.</summary>
    Margin,

    /// <summary>1/γ² (Jiang and others' (22)).</summary>
    InverseSquaredMargin,

    /// <summary>The mean entropy of the softmax, −Σ_c p_c ln p_c, in nats (Pereyra and others 2017).</summary>
    Entropy,
}
