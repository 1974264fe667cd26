using System.Runtime.InteropServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// The drivers' libraries: where they are, and whether they name a GPU. Asking them takes far less than making ILGPU ready, which
/// a machine without a GPU is to be spared.
/// </summary>
internal static unsafe class DriverLibraries
{
    /// <summary>Where the Windows subsystem for Linux keeps CUDA's driver.</summary>
    private const string SubsystemFolder = "/usr/lib/wsl/lib";
    private const uint OpenClGpu = 4;

    /// <summary>Loads CUDA's driver.</summary>
    public static bool TryLoadCuda(out nint library) =>
        TryLoad(OperatingSystem.IsWindows() ? ["nvcuda"] : ["libcuda.so.1", "libcuda.so", $"{SubsystemFolder}/libcuda.so.1"],
            out library);

    /// <summary>Loads OpenCL's loader of drivers.</summary>
    public static bool TryLoadOpenCl(out nint library) =>
        TryLoad(OperatingSystem.IsWindows() ? ["OpenCL"] : ["libOpenCL.so.1", "libOpenCL.so"], out library);

    /// <summary>Whether some driver names a GPU: not an OpenCL driver that runs on the CPU.</summary>
    public static bool NameGpu() => CudaProblem().Length == 0 || OpenClNamesGpu();

    /// <summary>
    /// ILGPU asks for libraries by the names that only development packages bring; those of every machine bear a version.
    /// </summary>
    public static void LetIlgpuFindThem()
    {
        if (!OperatingSystem.IsLinux() || Directory.Exists(SubsystemFolder))
        {
            // On the Windows subsystem for Linux ILGPU looks for CUDA itself, in a way that admits no other.
            return;
        }

        try
        {
            NativeLibrary.SetDllImportResolver(
                typeof(Context).Assembly,
                (name, _, _) => (name == "cuda" && TryLoadCuda(out nint library))
                    || (name == "OpenCL" && TryLoadOpenCl(out library)) ? library : 0);
        }
        catch (InvalidOperationException)
        {
            // The program that PacGen is part of has set one of its own.
        }
    }

    /// <summary>Why CUDA's driver gives no GPU; empty where it gives some.</summary>
    public static string CudaProblem()
    {
        if (!TryLoadCuda(out nint library)
            || !NativeLibrary.TryGetExport(library, "cuInit", out nint init)
            || !NativeLibrary.TryGetExport(library, "cuDeviceGetCount", out nint deviceCount))
        {
            return "no CUDA driver (libcuda)";
        }

        int count = 0, code = ((delegate* unmanaged<uint, int>)init)(0);
        return CudaProblem(code == 0 ? ((delegate* unmanaged<int*, int>)deviceCount)(&count) : code, count);
    }

    /// <summary>The same by the code that the driver's start gave, and the number of GPUs.</summary>
    internal static string CudaProblem(int code, int count)
    {
        const int NoDevice = 100, Mismatch = 803;
        return code switch
        {
            0 when count > 0 => "",
            0 or NoDevice => "there is a driver, but it sees no GPU: CUDA_VISIBLE_DEVICES may hide it, and a container has to " +
                "be given it",
            Mismatch => $"the driver's library and its kernel module are of different versions (code {code}): restart the " +
                $"machine, or install the driver anew",
            _ => $"there is a driver, but it doesn't start (code {code}): nvidia-smi may say why; a container has to be given " +
                $"the GPU",
        };
    }

    private static bool OpenClNamesGpu()
    {
        const int MostPlatforms = 64;
        if (!TryLoadOpenCl(out nint library)
            || !NativeLibrary.TryGetExport(library, "clGetPlatformIDs", out nint getPlatforms)
            || !NativeLibrary.TryGetExport(library, "clGetDeviceIDs", out nint getDevices))
        {
            return false;
        }

        nint* platforms = stackalloc nint[MostPlatforms];
        uint count = 0;
        if (((delegate* unmanaged<uint, nint*, uint*, int>)getPlatforms)(MostPlatforms, platforms, &count) != 0)
        {
            return false;
        }

        for (int i = 0; i < Math.Min(count, MostPlatforms); i++)
        {
            uint gpus = 0;
            if (((delegate* unmanaged<nint, ulong, uint, nint*, uint*, int>)getDevices)(
                platforms[i], OpenClGpu, 0, null, &gpus) == 0 && gpus > 0)
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryLoad(ReadOnlySpan<string> names, out nint library)
    {
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out library))
            {
                return true;
            }
        }

        library = 0;
        return false;
    }
}
