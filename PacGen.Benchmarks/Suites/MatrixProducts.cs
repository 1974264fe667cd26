using BenchmarkDotNet.Attributes;
using PacGen.Kernels;

namespace PacGen.Benchmarks.Suites;

/// <summary>Products of square matrices.</summary>
public class MatrixProducts
{
    private Work work = null!;

    /// <summary>Rows and columns.</summary>
    [Params(64, 256, 512, 1024, 2048)]
    public int N { get; set; }

    /// <summary>Makes the matrices.</summary>
    [GlobalSetup]
    public void Setup() => work = Work.MatrixProduct(Device.Cpu, N);

    /// <summary>Frees them.</summary>
    [GlobalCleanup]
    public void Cleanup() => work.Dispose();

    /// <summary>A product.</summary>
    [Benchmark]
    public void MatMul() => work.Run();
}
