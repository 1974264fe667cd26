using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class LocalHessianLipschitzTests
{
    [Test]
    public void AQuadraticHasNone()
    {
        using Quadratic quadratic = Quadratic.Full();
        LocalHessianLipschitz found = HessianLipschitzSampler.Measure(quadratic.Empirical);
        Assert.That(found.Rho, Is.Zero);
        Assert.That(found.Distances, Has.All.GreaterThan(0));
        Assert.That(found.Converged, Is.EqualTo(8));
    }

    /// <summary>
    /// L̂ = mean c(w·x)³/6 over unit vectors x: ∇²L̂ is diagonal with c·wᵢ/k, so the ratio is c/k·‖Δ‖∞/‖Δ‖₂: c itself for one
    /// weight.
    /// </summary>
    [TestCase(1)]
    [TestCase(4)]
    public void ACubicHasAKnownRatio(int weights)
    {
        const float C = 3;
        byte[] pixels = new byte[weights * weights];
        for (int i = 0; i < weights; i++)
        {
            pixels[(i * weights) + i] = 1;
        }

        ImageSet images = new(pixels, new int[weights], 1, weights, 1, new Normalization([0], [1], 1));
        Sequential model = new(new Flatten(), new Linear(weights, 1, bias: false));
        using ParameterArena arena = new(model, Device.Cpu, 1);
        using EmpiricalLoss empirical = new(model, arena, images, (output, _) => (output.Square() * output).Mean() * (C / 6));
        LocalHessianLipschitz found = HessianLipschitzSampler.Measure(
            empirical, new HessianLipschitzOptions { Neighborhood = new(0.2, 0.3), Pairs = 20, Tolerance = 1e-4 });
        if (weights == 1)
        {
            Assert.That(found.Ratios, Has.All.EqualTo(C).Within(0.01).Percent);
        }

        Assert.That(found.Ratios, Has.All.InRange(0.9999 * C / weights / Math.Sqrt(weights), 1.0001 * C / weights));
        Assert.That(found.Rho, Is.EqualTo(found.Ratios.Max()));

        // |v₁ − v₂| ≤ 2κ in each coordinate.
        double diameter = Math.Sqrt(arena.Save().Sum(value => Math.Pow(2 * ((0.2 * Math.Abs(value)) + 0.3), 2)));
        Assert.That(found.Distances, Has.All.LessThan(diameter));
    }

    [Test]
    public void ASeedDecidesAndNearerPairsAreNearer()
    {
        Dataset digits = Datasets.Digits();
        Mlp model = new([64, 4, 10], x => x.Tanh());
        using ParameterArena arena = new(model, Device.Cpu, 5);
        using EmpiricalLoss empirical = new(model, arena, digits.Test);
        HessianLipschitzOptions options = new() { Pairs = 2, Products = 6 };
        LocalHessianLipschitz first = HessianLipschitzSampler.Measure(empirical, options), near = HessianLipschitzSampler.Measure(
            empirical, options with { Distance = 0.25 });
        Assert.That(HessianLipschitzSampler.Measure(empirical, options).Ratios, Is.EqualTo(first.Ratios));
        Assert.That(HessianLipschitzSampler.Measure(empirical, options with { Seed = 2 }).Ratios, Is.Not.EqualTo(first.Ratios));
        Assert.That(first.Rho, Is.GreaterThan(0));
        Assert.That(near.Distances[0], Is.EqualTo(first.Distances[0] / 4).Within(1e-3).Percent);
        Assert.That(first.ToString(), Does.Contain("a lower estimate"));
    }

    [Test]
    public void WrongOptionsAreErrorsThatNameThem()
    {
        using Quadratic quadratic = Quadratic.Full();
        foreach ((HessianLipschitzOptions options, string part) in new[]
        {
            (new HessianLipschitzOptions { Neighborhood = null! }, "neighbourhood is null"),
            (new HessianLipschitzOptions { Pairs = 0 }, "pairs is 0"),
            (new HessianLipschitzOptions { Distance = 2 }, "distance is 2"),
        })
        {
            Assert.That(
                () => HessianLipschitzSampler.Measure(quadratic.Empirical, options),
                Throws.ArgumentException.With.Message.Contains(part));
        }
    }
}
