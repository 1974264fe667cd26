namespace PacGen.Kernels;

/// <summary>As what a product multiplies the numbers of its stages.</summary>
internal enum StageFactors
{
    /// <summary>In single precision.</summary>
    Single,

    /// <summary>In TF32.</summary>
    Tf32,

    /// <summary>In bfloat16, rounded as a stage is read.</summary>
    BFloat16,

    /// <summary>In bfloat16, as it stands in memory.</summary>
    BFloat16Pairs,
}
