using System.Runtime.InteropServices;
using ILGPU.Runtime.Cuda;

namespace PacGen.Kernels;

/// <summary>NVIDIA's library of matrix products, of version 11, 12 or 13, on one device's stream.</summary>
internal sealed unsafe class CuBlas : IDisposable
{
    private const int Oldest = 11, Newest = 13;
    private const int DefaultMath = 0, Tf32Math = 3;

    private readonly CudaAccelerator accelerator;
    private readonly delegate* unmanaged<nint, int> destroy;
    private readonly delegate* unmanaged<nint, int, int, int, int, int, float*, nint, int, nint, int, float*, nint, int,
        int> multiply;
    private nint handle;

    /// <param name="accelerator">The device.</param>
    /// <param name="tf32">Whether factors may be rounded to TF32.</param>
    /// <exception cref="DeviceException">There is no such library, or it can't work with the device.</exception>
    public CuBlas(CudaAccelerator accelerator, bool tf32)
    {
        this.accelerator = accelerator;
        nint library = Load(Names);
        destroy = (delegate* unmanaged<nint, int>)Export(library, "cublasDestroy_v2");
        multiply =
            (delegate* unmanaged<nint, int, int, int, int, int, float*, nint, int, nint, int, float*, nint, int, int>)Export(
            library, "cublasSgemm_v2");
        accelerator.Bind();
        handle = Create(library);
        try
        {
            Check(((delegate* unmanaged<nint, nint, int>)Export(library, "cublasSetStream_v2"))(
                handle, ((CudaStream)accelerator.DefaultStream).StreamPtr), "take the device's stream");
            Check(((delegate* unmanaged<nint, int, int>)Export(library, "cublasSetMathMode"))(
                handle, tf32 ? Tf32Math : DefaultMath), "choose its arithmetic");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>What the library is called, the newest first.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Enumerable.Range(Oldest, Newest - Oldest + 1).Reverse().Select(
            version => OperatingSystem.IsWindows() ? $"cublas64_{version}.dll" : $"libcublas.so.{version}")];

    /// <summary>Loads the first library there is of some names.</summary>
    /// <exception cref="DeviceException">There is none, or it has another version than PacGen knows.</exception>
    public static nint Load(IReadOnlyList<string> names)
    {
        foreach (string name in names)
        {
            if (NativeLibrary.TryLoad(name, out nint library))
            {
                int version = Version(library);
                return version is >= Oldest and <= Newest
                    ? library
                    : throw new DeviceException(
                        $"{name} is cuBLAS {version}, but PacGen works with versions {Oldest} to {Newest}: install one of " +
                        $"these, or choose products without cuBLAS.");
            }
        }

        throw new DeviceException(
            $"cuBLAS was not found (tried {string.Join(", ", names)}): install NVIDIA's CUDA toolkit or its cuBLAS package, of " +
                $"version {Oldest} to {Newest}, "
            + $"where libraries are looked for{(OperatingSystem.IsWindows() ? " (PATH)" : " (LD_LIBRARY_PATH, ldconfig)")}, or " +
                $"choose products without cuBLAS.");
    }

    /// <summary>The major version of a library.</summary>
    /// <exception cref="DeviceException">It doesn't say.</exception>
    public static int Version(nint library)
    {
        const int Major = 0;
        int version;
        Check(((delegate* unmanaged<int, int*, int>)Export(library, "cublasGetProperty"))(Major, &version), "say its version");
        return version;
    }

    /// <summary>A handle on the device that is current.</summary>
    /// <exception cref="DeviceException">The library can't work with it.</exception>
    public static nint Create(nint library)
    {
        nint handle;
        Check(((delegate* unmanaged<nint*, int>)Export(library, "cublasCreate_v2"))(&handle), "start");
        return handle;
    }

    /// <summary>Enqueues a product.</summary>
    /// <exception cref="DeviceException">The library reports an error.</exception>
    public void Multiply(in ColumnMajorProduct product, nint first, nint second, nint output)
    {
        float one = 1, zero = 0;
        accelerator.Bind();
        int status = multiply(
            handle, product.TransposeFirst ? 1 : 0, product.TransposeSecond ? 1 : 0, product.Rows, product.Columns, product.Terms,
            &one, first, product.FirstStep, second, product.SecondStep, &zero, output, product.Rows);
        if (status != 0)
        {
            Check(status, $"multiply matrices ({product.Columns}, {product.Terms}) and ({product.Terms}, {product.Rows})");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (handle != 0)
        {
            accelerator.Bind();
            _ = destroy(handle);
            handle = 0;
        }
    }

    private static nint Export(nint library, string name) => NativeLibrary.TryGetExport(library, name, out nint address)
        ? address
        : throw new DeviceException(
            $"The cuBLAS library that was found has no {name}: install cuBLAS of version {Oldest} to {Newest}, or choose " +
            $"products without cuBLAS.");

    private static void Check(int status, string what)
    {
        if (status != 0)
        {
            throw new DeviceException(
                $"cuBLAS could not {what}: {StatusName(status)}. Choose products without cuBLAS, or install a version that " +
                $"fits the driver and the GPU.");
        }
    }

    private static string StatusName(int status) => status switch
    {
        1 => "CUBLAS_STATUS_NOT_INITIALIZED",
        3 => "CUBLAS_STATUS_ALLOC_FAILED",
        7 => "CUBLAS_STATUS_INVALID_VALUE",
        8 => "CUBLAS_STATUS_ARCH_MISMATCH",
        11 => "CUBLAS_STATUS_MAPPING_ERROR",
        13 => "CUBLAS_STATUS_EXECUTION_FAILED",
        14 => "CUBLAS_STATUS_INTERNAL_ERROR",
        15 => "CUBLAS_STATUS_NOT_SUPPORTED",
        16 => "CUBLAS_STATUS_LICENSE_ERROR",
        _ => $"status {status}",
    };
}
