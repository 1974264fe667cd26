using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;

namespace PacGen.Kernels;

/// <summary>What ILGPU 1.5 writes into PTX and what the instruction set does not allow, put right.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>It takes what a call returns for the same in all threads, and so a branch on it for one that all threads of a warp take
/// (<c>bra.uni</c>). Instructions of our own are calls, and threads part at what they return. A branch without that promise is
/// right for either, and ptxas finds by itself where all threads agree.</item>
/// <item>It says of shared memory that it begins at a multiple of an element's size, where 16 bytes at a time are read and
/// written: <c>ldmatrix</c>, <c>cp.async</c> and vectors ask for multiples of 16.</item>
/// </list>
/// </remarks>
internal static partial class PtxText
{
    /// <summary>A kernel with the text that a driver is given; those of other devices as they are.</summary>
    public static CompiledKernel Mended(Context context, CompiledKernel kernel) => kernel is PTXCompiledKernel ptx
        ? Kernel(context, EntryPointOf(kernel), kernel.Info, Mended(ptx.PTXAssembly)) : kernel;

    public static string Mended(string ptx) =>
        Shared().Replace(GuardedUniformBranch().Replace(ptx, "$1bra"), "${head}16${tail}");

    /// <summary>A kernel of a text.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    internal static extern PTXCompiledKernel Kernel(
        Context context, EntryPoint entryPoint, CompiledKernel.KernelInfo? info, string ptxAssembly);

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_EntryPoint")]
    internal static extern EntryPoint EntryPointOf(CompiledKernel kernel);

    [GeneratedRegex(@"(@!?%p\d+\s+)bra\.uni\b")]
    private static partial Regex GuardedUniformBranch();

    // Arrays of 16 bytes and more, and those whose size the launch says.
    [GeneratedRegex(@"(?<head>\.shared\s+\.align\s+)[1248](?<tail>\s+\.b8\s+\w+\[(?:\d{3,}|[2-9]\d|1[6-9])?\])")]
    private static partial Regex Shared();
}
