using BenchmarkDotNet.Attributes;

namespace PacGen.Benchmarks.Suites;

/// <summary>Products of square matrices.</summary>
public class MatrixProducts : Suite
{
    /// <summary>Rows and columns.</summary>
    [Params(64, 256, 512, 1024, 2048)]
    public int N { get; set; }

    private protected override Work Work => OperationWork.MatrixProduct(N);
}
