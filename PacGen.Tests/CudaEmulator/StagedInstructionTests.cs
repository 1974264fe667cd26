using PacGen.Kernels;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.CudaEmulator;

/// <summary>What the choice of tiles reckons with is what their kernels take.</summary>
[NonParallelizable]
internal sealed class StagedInstructionTests
{
    private static IEnumerable<string> Tiles => StagedChoice.All.Select(tile => tile.Name);

    /// <summary>A warp's instructions for a stage: the difference of two products of one tile, by stages.</summary>
    [Test]
    public void OfAStage([ValueSource(nameof(Tiles))] string tile)
    {
        if (EmulatedDriver.Loaded is not { } driver)
        {
            Assert.Ignore("The emulated device counts them.");
            return;
        }

        GpuDevice device = (GpuDevice)Device.Open("cuda");
        (ProductMode products, string before) = (device.Products, device.TileSetting);
        StagedChoice choice = StagedChoice.All.First(one => one.Name == tile);
        try
        {
            device.TileSetting = tile;
            int[] counted = [.. Enum.GetValues<StageFactors>().Select(factors =>
            {
                device.Products = factors == StageFactors.Tf32 ? ProductMode.Tf32 : ProductMode.Single;
                return (int)(Issued(driver, device, factors, choice, 7) - Issued(driver, device, factors, choice, 3)) / 4;
            })];
            Assert.That(
                Enum.GetValues<StageFactors>().Select(choice.Instructions), Is.EqualTo(counted), string.Join(", ", counted));
        }
        finally
        {
            (device.Products, device.TileSetting) = (products, before);
        }
    }

    // A warp's instructions for a product of one tile and some stages, too few for parts.
    private static long Issued(
        EmulatedDriver driver, GpuDevice device, StageFactors factors, StagedChoice tile, int stages)
    {
        bool pairs = factors == StageFactors.BFloat16Pairs;
        int terms = stages * (pairs ? ProductStage.TermsInPairs : ProductStage.Terms);
        Shape a = new(tile.Rows, terms), b = new(terms, tile.Columns);
        Operation operation = factors switch
        {
            StageFactors.BFloat16Pairs => new MatMul().InBFloat16(device)!.ReadingPairs(device, [a, b])!,
            StageFactors.BFloat16 => new MatMul().InBFloat16(device)!,
            _ => new MatMul(),
        };
        (a, b) = pairs ? (PairMap.Places(a), PairMap.Places(b)) : (a, b);
        RunCounts counts = driver.Counts = new RunCounts();
        try
        {
            KernelRun.Values(device, operation, [a, b], [new float[a.Count], new float[b.Count]], 0);
        }
        finally
        {
            driver.Counts = null;
        }

        return counts.Issued / tile.Warps;
    }
}
