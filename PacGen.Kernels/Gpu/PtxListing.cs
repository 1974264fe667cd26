using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace PacGen.Kernels.Gpu;

/// <summary>What a kernel compiles to on an NVIDIA GPU, told without one.</summary>
internal static class PtxListing
{
    /// <summary>The PTX text of a kernel, for compute capability 8.0.</summary>
    public static string Of(MethodInfo kernel, KernelSpecialization specialization = default)
    {
        using Context context = Context.Create(GpuArithmetic.Configure);
        using PTXBackend backend = new(context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null);
        CompiledKernel compiled = backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), specialization);
        return ((PTXCompiledKernel)compiled).PTXAssembly;
    }
}
