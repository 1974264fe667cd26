namespace PacGen.Kernels;

/// <summary>How a GPU computes matrix products and convolutions: <see cref="GpuDevice.Products"/>.</summary>
/// <remarks>
/// TF32 keeps 10 of a factor's 23 bits behind the point, so each product of two numbers errs by up to 2⁻¹⁰ of itself instead of
/// 2⁻²⁴; exponents and sums stay those of single precision. A sum of products errs by up to 2⁻¹⁰ · Σ|aᵢ·bᵢ|, which is large
/// against a sum that nearly cancels. Training mostly bears it; a certificate or a Hessian measure should not be computed with
/// it.
/// </remarks>
public enum ProductMode
{
    /// <summary>PacGen's own kernels in single precision, on any GPU. The default.</summary>
    Single,

    /// <summary>PacGen's own kernels on tensor cores in TF32: NVIDIA GPUs of compute capability 8.0 and newer.</summary>
    Tf32,

    /// <summary>
    /// Matrix products by NVIDIA's cuBLAS (version 11, 12 or 13, which must be installed) in single precision, convolutions by
    /// PacGen's own kernels: CUDA alone. As accurate as <see cref="Single"/>, in another order of the terms, which may depend on
    /// the GPU and the library's version.
    /// </summary>
    CuBlas,

    /// <summary>Matrix products by cuBLAS in TF32, convolutions by PacGen's own kernels in TF32.</summary>
    CuBlasTf32,
}
