using PacGen.Kernels;
using PacGen.Tests.Nn;

namespace PacGen.Tests.Kernels;

/// <summary>Which kernel is taken, by times that a test says.</summary>
[NonParallelizable]
internal sealed class FastestProductTests
{
    private readonly GpuDevice device = WarpSimulator.Device;
    private TemporaryFolder folder = null!;
    private int timed;

    [SetUp]
    public void MakeFolder() => (folder, timed) = (new(), 0);

    [TearDown]
    public void DeleteFolder()
    {
        device.Notices = null;
        folder.Dispose();
    }

    [TestCase(1.0, 0.9, 0.8, "c")]
    [TestCase(1.0, 0.9, 1.1, "b")]
    [TestCase(1.0, 0.98, 0.99, "a")]
    [TestCase(1.0, 1.1, 1.2, "a")]
    public void TheFastestByMoreThanNoise(double a, double b, double c, string taken) =>
        Assert.That(Of([a, b, c]).Choose(Candidates()).Name, Is.EqualTo(taken));

    [Test]
    public void EachProductIsMeasuredOnce()
    {
        List<string> said = [];
        device.Notices = said.Add;
        FastestProduct one = Of([1, 0.5, 2]);
        Assert.That(one.Choose(Candidates()).Name, Is.EqualTo("b"));
        int before = timed;
        Assert.That(before, Is.GreaterThan(3));
        Assert.That((one.Choose(Candidates()).Name, timed), Is.EqualTo(("b", before)), "again");
        one.Choose(Candidates("another"));
        Assert.That(timed, Is.GreaterThan(before), "another product");
        Assert.That(said, Has.Count.EqualTo(1));
        Assert.That(said[0], Does.Contain(folder["tiles.txt"]));
        before = timed;
        Assert.That((Of([1, 2, 0.5]).Choose(Candidates()).Name, timed), Is.EqualTo(("b", before)), "a later process");
    }

    [Test]
    public void SmallProductsAreNotMeasured()
    {
        ProductCandidates small = Candidates() with { Operations = 1e8 };
        Assert.That((Of([1, 0.5, 0.5]).Choose(small).Name, timed), Is.EqualTo(("a", 0)));
        Assert.That(File.Exists(folder["tiles.txt"]), Is.False);
    }

    [Test]
    public void NoMoreAreCompiledThanAsked()
    {
        List<string> bound = [];
        ProductCandidates candidates = Candidates();
        candidates = candidates with
        {
            Kernels = [.. candidates.Kernels.Select(kernel => new ProductCandidate(kernel.Name, (a, b, c) =>
            {
                bound.Add(kernel.Name);
                return kernel.Bind(a, b, c);
            }))],
        };
        FastestProduct two = new(device, Choices()) { MostKernels = 2, Clock = (kernel, _, _) => kernel.Name == "c" ? 0.1 : 1 };
        Assert.That(two.Choose(candidates).Name, Is.EqualTo("a"));
        Assert.That(bound, Is.EqualTo(new[] { "a", "b" }));
    }

    [TestCase("b", "c")]
    [TestCase("c", "b")]
    [TestCase("a", "a")]
    public void AKernelThatFailsIsLeftOut(string failing, string taken)
    {
        ProductCandidates candidates = Candidates();
        ProductCandidate[] kernels = [.. candidates.Kernels.Select(kernel => kernel.Name == failing
            ? new ProductCandidate(failing, (_, _, _) => new Counted(() => throw new DeviceException("too many registers")))
            : kernel)];
        Assert.That(Of([1, 0.5, 0.4]).Choose(candidates with { Kernels = kernels }).Name, Is.EqualTo(taken));
    }

    [Test]
    public void WithoutMemoryTheDefaultStays()
    {
        FastestProduct one = Of([1, 0.5, 0.4]);
        long before = device.AllocatedBytes;
        try
        {
            device.Allocating = () => throw new DeviceException("no memory left");
            Assert.That(one.Choose(Candidates()).Name, Is.EqualTo("a"));
        }
        finally
        {
            device.Allocating = null;
        }

        Assert.That(one.Choose(Candidates()).Name, Is.EqualTo("c"), "with memory");
        Assert.That(device.AllocatedBytes, Is.EqualTo(before));
    }

    /// <summary>What an older version chose may be a kernel that there is no longer.</summary>
    [Test]
    public void AChoiceThatIsNoKernelIsMeasuredAgain()
    {
        Choices().Add("product", "z");
        Assert.That(Of([1, 0.5, 2]).Choose(Candidates()).Name, Is.EqualTo("b"));
        Assert.That(Choices().Read()["product"], Is.EqualTo("b"));
    }

    /// <summary>Numbers, not zeros, over all of the memory.</summary>
    [Test]
    public void ItIsTimedOnNumbers()
    {
        ProductCandidates candidates = Candidates() with { Sizes = ((1 << 18) + 5, 7, 3) };
        bool seen = false;
        ProductCandidate looks = new("a", (a, b, output) => new Counted(() =>
        {
            Assert.That((a.Count, b.Count, output.Count), Is.EqualTo(((1 << 18) + 5, 7, 3)));
            foreach (float[] numbers in (float[][])[a.ToArray(), b.ToArray()])
            {
                Assert.That(numbers, Is.All.InRange(-1.01f, 1.01f).And.All.Not.Zero);
                Assert.That(numbers.Distinct().Count(), Is.GreaterThan(6));
                seen = true;
            }
        }));
        Of([1, 1, 1]).Choose(candidates with { Kernels = [looks, .. candidates.Kernels.Skip(1)] });
        Assert.That(seen);
    }

    private ChoiceFile Choices() => new(folder["tiles.txt"], "test");

    private FastestProduct Of(double[] seconds) => new(device, Choices())
    {
        Clock = (kernel, launch, times) =>
        {
            timed++;
            launch.Run();
            return seconds["abc".IndexOf(kernel.Name, StringComparison.Ordinal)];
        },
    };

    private static ProductCandidates Candidates(string product = "product") => new(
        product, 1e9, (10, 20, 30), [.. "abc".Select(
            name => new ProductCandidate($"{name}", (_, _, _) => new Counted(() => { })))]);

    private sealed class Counted(Action run) : Launch
    {
        public override void Run() => run();
    }
}
