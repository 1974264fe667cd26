using System.Runtime.InteropServices;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>cuBLAS: what it is asked for, how it is found, and on CUDA devices its values.</summary>
internal sealed class CuBlasTests
{
    private static IEnumerable<string> CudaIds => Device.List().Where(one => one is { IsAvailable: true, Kind: DeviceKind.Cuda })
        .Select(one => one.Id);

    private static bool IsInstalled => CuBlas.Names.Any(name => NativeLibrary.TryLoad(name, out _));

    // The library's definition of its product, column-major, done on the host.
    [Test]
    public void AsksForTheRowMajorProduct([Values] bool transposeA, [Values] bool transposeB)
    {
        const int Rows = 3, Columns = 5, Terms = 4;
        int[] a = [.. Enumerable.Range(1, Rows * Terms)], b = [.. Enumerable.Range(50, Terms * Columns)], c = new int[
            Rows * Columns];
        ColumnMajorProduct product = ColumnMajorProduct.Of(Rows, Columns, Terms, transposeA, transposeB);
        for (int column = 0; column < product.Columns; column++)
        {
            for (int row = 0; row < product.Rows; row++)
            {
                for (int term = 0; term < product.Terms; term++)
                {
                    int first = b[product.TransposeFirst ? (row * product.FirstStep) + term : (term * product.FirstStep) + row];
                    int second =
                        a[product.TransposeSecond ? (term * product.SecondStep) + column : (column * product.SecondStep) + term];
                    c[(column * product.Rows) + row] += first * second;
                }
            }
        }

        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                int expected = Enumerable.Range(0, Terms).Sum(term =>
                    a[transposeA ? (term * Rows) + row : (row * Terms) + term] * b[
                        transposeB ? (column * Terms) + term : (term * Columns) + column]);
                Assert.That(c[(row * Columns) + column], Is.EqualTo(expected), $"{row}, {column}");
            }
        }
    }

    [Test]
    public void NamesVersions11To13NewestFirst() => Assert.That(
        CuBlas.Names.Select(name => name.Contains("13", StringComparison.Ordinal) ? 13
            : name.Contains("12", StringComparison.Ordinal) ? 12 : 11), Is.EqualTo((int[])[13, 12, 11]));

    [Test]
    public void AbsenceIsSaidWithTheNamesTried()
    {
        DeviceException error = Assert.Throws<DeviceException>(() => CuBlas.Load(["libnocublas.so.13", "libnocublas.so.12"]));
        Assert.That(error.Message, Does.Contain("libnocublas.so.13, libnocublas.so.12").And.Contain("install"));
    }

    [Test]
    public void ALibraryThatIsNotCuBlasIsSaid()
    {
        string name = OperatingSystem.IsWindows() ? "kernel32.dll" : OperatingSystem.IsMacOS() ? "libSystem.dylib" : "libc.so.6";
        DeviceException error = Assert.Throws<DeviceException>(() => CuBlas.Load([name]));
        Assert.That(error.Message, Does.Contain("cublasGetProperty").And.Contain("install"));
    }

    [Test]
    public void TheInstalledLibraryIsOfAVersionThatIsKnown()
    {
        Installed();
        Assert.That(CuBlas.Version(CuBlas.Load(CuBlas.Names)), Is.InRange(11, 13));
    }

    [Test]
    public void AStatusIsSaidByName()
    {
        Installed();
        if (CudaIds.Any())
        {
            Assert.Ignore("With a GPU the library starts.");
        }

        DeviceException error = Assert.Throws<DeviceException>(() => CuBlas.Create(CuBlas.Load(CuBlas.Names)));
        Assert.That(error.Message, Does.Contain("CUBLAS_STATUS_"));
    }

    [Test]
    public void OtherDevicesRefuse([Values(ProductMode.Tf32, ProductMode.CuBlas, ProductMode.CuBlasTf32)] ProductMode mode)
    {
        DeviceException error = Assert.Throws<DeviceException>(() => Device.Simulator.Products = mode);
        Assert.That(error.Message, Does.Contain(Device.Simulator.Name).And.Contain("CUDA"));
        Assert.That(Device.Simulator.Products, Is.EqualTo(ProductMode.Single));
    }

    [TestCaseSource(nameof(CudaIds))]
    public void MultipliesOnCuda(string id)
    {
        Installed();
        GpuDevice device = (GpuDevice)Device.Open(id);
        ProductMode before = device.Products;
        try
        {
            foreach (ProductMode mode in (ProductMode[])[ProductMode.CuBlas, ProductMode.CuBlasTf32])
            {
                device.Products = mode;
                foreach ((bool transposeA, bool transposeB) in ((bool, bool)[])[
                    (false, false), (true, false), (false, true), (true, true)])
                {
                    MatMul product = new(transposeA, transposeB);
                    Shape[] shapes = [transposeA ? new(37, 65) : new(65, 37), transposeB ? new(43, 37) : new(37, 43)];
                    float[][] inputs = [KernelRun.Random(shapes[0], 1), KernelRun.Random(shapes[1], 2)];
                    using CpuDevice cpu = new(1);
                    float[] values = KernelRun.Values(device, product, shapes, inputs, 1), expected = KernelRun.Values(
                        cpu, product, shapes, inputs, 0);
                    Assert.That(
                        values, Is.EqualTo(expected).AsCollection.Within(mode == ProductMode.CuBlas ? 1e-5 : 1e-2),
                        $"{product}, {mode}");
                }
            }
        }
        finally
        {
            device.Products = before;
        }
    }

    private static void Installed()
    {
        if (!IsInstalled)
        {
            Assert.Ignore($"There is no cuBLAS: {string.Join(", ", CuBlas.Names)}.");
        }
    }
}
