namespace PacGen.Kernels;

/// <summary>
/// Which of PacGen's own kernels, with which tile, a matrix product or convolution has on an NVIDIA GPU:
/// <see cref="GpuDevice.Tiles"/>.
/// </summary>
public enum ProductTiles
{
    /// <summary>The same kernels on every GPU. The default.</summary>
    Fixed,

    /// <summary>
    /// Staged tiles alone, the tile and the number of parts of the terms by a reckoning from the shape: the same bits on every
    /// GPU, but others than those of <see cref="Fixed"/> where the parts are others.
    /// </summary>
    Reckoned,

    /// <summary>
    /// The kernel of <see cref="Fixed"/> or a staged tile, whichever took the least time when a product was first bound, of those
    /// that give the bits of <see cref="Fixed"/>. What was measured is kept in the user's cache folder for later processes.
    /// </summary>
    Measured,
}
