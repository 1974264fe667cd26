using ILGPU.Runtime;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels;

/// <summary>A matrix product by cuBLAS.</summary>
internal sealed class CuBlasLaunch(CuBlas library, ColumnMajorProduct product, Region a, Region b, Region output) : Launch
{
    private readonly nint first = GpuDevice.View(b).LoadEffectiveAddressAsPtr(), second = GpuDevice.View(a).LoadEffectiveAddressAsPtr();
    private readonly nint target = GpuDevice.View(output).LoadEffectiveAddressAsPtr();

    /// <inheritdoc/>
    public override void Run() => library.Multiply(product, first, second, target);
}
