using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace PacGen.Kernels;

/// <summary>What a kernel compiles to on an NVIDIA GPU; none is needed.</summary>
internal static class PtxListing
{
    private static readonly Lazy<(Context Context, PTXBackend Backend)> Compiler = new(() =>
    {
        Context context = Context.Create(GpuArithmetic.Configure);
        return (context, new PTXBackend(
            context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, null));
    });

    private static readonly Dictionary<MethodInfo, string> Listings = [];

    /// <summary>
    /// The PTX text of a kernel, for compute capability 8.0; with the specialization that the static property of that name of its
    /// class says, where there is one.
    /// </summary>
    [UnconditionalSuppressMessage("Trimming", "IL2075", Justification = "Tests alone list kernels, of programs that are whole.")]
    public static string Of(MethodInfo kernel)
    {
        lock (Listings)
        {
            if (!Listings.TryGetValue(kernel, out string? listing))
            {
                KernelSpecialization specialization =
                    (KernelSpecialization?)kernel.DeclaringType!.GetProperty("Specialization")?.GetValue(null)
                        ?? KernelSpecialization.Empty;
                CompiledKernel compiled =
                    Compiler.Value.Backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(kernel), specialization);
                listing = PtxText.Mended(((PTXCompiledKernel)compiled).PTXAssembly);
                if (Listings.Count % GpuDevice.MostCompiled == 0)
                {
                    Compiler.Value.Context.ClearCache(ClearCacheMode.Default);
                }

                Listings.Add(kernel, listing);
            }

            return listing;
        }
    }
}
