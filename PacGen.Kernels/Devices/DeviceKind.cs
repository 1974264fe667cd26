namespace PacGen.Kernels;

/// <summary>How a device runs kernels.</summary>
public enum DeviceKind
{
    /// <summary>SIMD on the CPU, pure C#.</summary>
    Cpu,

    /// <summary>An NVIDIA GPU.</summary>
    Cuda,

    /// <summary>A GPU or another processor with an OpenCL driver.</summary>
    OpenCl,

    /// <summary>The GPU kernels' debugger: they run as .NET code, one GPU thread a thread.</summary>
    Simulator,
}
