
namespace PacGen.Kernels;

/// <summary>A matrix product by cuBLAS.</summary>
internal sealed class CuBlasLaunch(CuBlas library, ColumnMajorProduct product, Region a, Region b, Region output) : Launch
{
    private readonly nint first = GpuDevice.Address(b), second = GpuDevice.Address(a);
    private readonly nint target = GpuDevice.Address(output);

    /// <inheritdoc/>
    public override void Run() => library.Multiply(product, first, second, target);
}
