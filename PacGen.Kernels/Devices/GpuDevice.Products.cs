using ILGPU.Runtime.Cuda;

namespace PacGen.Kernels;

public sealed partial class GpuDevice
{
    private readonly Dictionary<ProductMode, CuBlas> libraries = [];
    private ProductMode products;
    private ProductTiles tiles;

    /// <summary>
    /// How matrix products and convolutions are computed. To be set before graphs are compiled: what is bound keeps what it was
    /// bound with. The device's name says what is chosen, unless it is <see cref="ProductMode.Single"/>, the default.
    /// </summary>
    /// <exception cref="DeviceException">The device can't compute so, or there is no cuBLAS; the message says what to
    /// do.</exception>
    public ProductMode Products
    {
        get => products;
        set
        {
            if (value is ProductMode.Tf32 or ProductMode.CuBlasTf32 && !HasTensorCores)
            {
                throw new DeviceException(
                    $"{name} can't multiply in TF32, which takes an NVIDIA GPU of compute capability {TensorCore.Major}.0 or " +
                        $"newer through CUDA: leave products in single precision.");
            }

            if (value is ProductMode.CuBlas or ProductMode.CuBlasTf32 && !libraries.ContainsKey(value))
            {
                libraries.Add(
                    value,
                    Accelerator is CudaAccelerator cuda
                        ? new CuBlas(cuda, value == ProductMode.CuBlasTf32)
                        : throw new DeviceException(
                            $"{name} can't use cuBLAS, which takes an NVIDIA GPU through CUDA: leave products to PacGen's own " +
                            $"kernels."));
            }

            products = value;
        }
    }

    /// <summary>The library that matrix products are left to, or null.</summary>
    internal CuBlas? Library => libraries.GetValueOrDefault(products);

    /// <summary>Whether warps multiply matrices on tensor cores, in TF32 and in bfloat16.</summary>
    internal bool HasTensorCores => Accelerator is CudaAccelerator cuda
        ? cuda.Architecture.Major >= TensorCore.Major
        : Kind == DeviceKind.Simulator && Accelerator.WarpSize == MmaFragment.Lanes;

    /// <summary>
    /// Whether what a graph in <see cref="Precision.BFloat16"/> multiplies lies in memory in that precision: alone where nothing
    /// else reads it, else beside the numbers in single precision. The same numbers are multiplied; the order in which a tensor
    /// core adds may be another. True on CUDA unless <c>PACGEN_GPU_BF16_MEMORY</c> is 0; false where warps have no such products.
    /// To be set before graphs are compiled.
    /// </summary>
    public bool StoresBFloat16 { get => field && HasTensorCores; set; }

    /// <summary>
    /// Which of PacGen's own kernels, with which tile, products and convolutions have. To be set before graphs are compiled: what
    /// is bound keeps what it was bound with. <see cref="ProductTiles.Fixed"/>, unless <c>PACGEN_GPU_TILES</c> says auto, for
    /// <see cref="ProductTiles.Reckoned"/>, the extents of a tile, such as 128x96, for that one alone, or measured.
    /// </summary>
    /// <exception cref="DeviceException">The device has no staged tiles.</exception>
    public ProductTiles Tiles
    {
        get => tiles;
        set => (tiles, Tile) = value == ProductTiles.Fixed || HasTensorCores
            ? (value, StagedChoice.Auto)
            : throw new DeviceException(
                $"{name} has no staged tiles, which take an NVIDIA GPU of compute capability {TensorCore.Major}.0 or newer " +
                    $"through CUDA: leave tiles fixed.");
    }

    /// <summary>
    /// Called with a sentence about what takes seconds when graphs are bound: behind the first kernel that no earlier process has
    /// compiled, and before the first product that is timed for <see cref="ProductTiles.Measured"/>. Null where nobody wants to
    /// know.
    /// </summary>
    public Action<string>? Notices { get; set; }

    /// <summary>The extents of the only tile of <see cref="ProductTiles.Reckoned"/>, or auto for any.</summary>
    internal string Tile { get; private set; } = StagedChoice.Auto;

    /// <summary>Both as <c>PACGEN_GPU_TILES</c> says them; empty or 0 for <see cref="ProductTiles.Fixed"/>.</summary>
    internal string TileSetting
    {
        get => tiles switch
        {
            ProductTiles.Fixed => "",
            ProductTiles.Measured => StagedChoice.Measured,
            _ => Tile,
        };
        set
        {
            Tiles = value switch
            {
                "" or "0" => ProductTiles.Fixed,
                StagedChoice.Measured => ProductTiles.Measured,
                _ => ProductTiles.Reckoned,
            };
            Tile = tiles == ProductTiles.Reckoned ? value : StagedChoice.Auto;
        }
    }

    /// <summary>Chooses among a product's kernels for <see cref="ProductTiles.Measured"/>.</summary>
    internal Func<ProductCandidates, ProductCandidate> Chooses
    {
        get => field ??= FastestProduct.Of(this).Choose;
        set;
    }

    /// <summary>The most parts of a staged product's terms.</summary>
    internal int ProductSplits { get; set; } = int.MaxValue;

    /// <summary>Lets a kernel's launches ask for more shared memory than all may.</summary>
    internal void AllowShared(Delegate launcher, int bytes)
    {
        if (launcher.Target is CudaKernel kernel)
        {
            Accelerator.Bind();
            CudaError error = driver!.AllowShared(kernel.FunctionPtr, bytes);
            if (error != CudaError.CUDA_SUCCESS)
            {
                throw new DeviceException($"{name} has no {bytes} bytes of shared memory for a product's kernel: {error}.");
            }
        }
    }

    /// <summary>
    /// The most columns of few outputs that are long sums for a kernel of their own to compute them, and of other products, 16 at
    /// most, for a tile of 16 columns: 32, or what <c>PACGEN_GPU_LONG_SUMS</c> says; none where it is 0.
    /// </summary>
    internal int LongSumColumns { get; set; } =
        int.TryParse(Environment.GetEnvironmentVariable("PACGEN_GPU_LONG_SUMS"), out int columns) ? columns : 32;
}
