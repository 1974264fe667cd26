using PacGen.Core.Bounds;
using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;

namespace PacGen.Tests.Core;

/// <summary>γ and ε are checked however a neighbourhood is made, and what passes is an ordinary float on a device.</summary>
internal sealed class NeighborhoodTests
{
    [TestCase(-1)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    [TestCase(1e-50)]
    [TestCase(1e-40)]
    [TestCase(1e300)]
    public void RefusesAGammaThatAFloatDoesNotHold(double gamma)
    {
        Neighborhood usual = new(0.1, 0.1);
        Assert.That(
            () => new Neighborhood(gamma, 0.1), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("γ is"));
        Assert.That(
            () => usual with { Gamma = gamma }, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("γ is"));
        Assert.That(() => new AlgorithmOne(1, gamma: gamma), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new LocalSmoothness(1, gamma, 0.1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    [TestCase(1e-50)]
    [TestCase(1e-40)]
    [TestCase(9e-31)]
    [TestCase(1e300)]
    public void RefusesAnEpsilonThatAFloatDoesNotHold(double epsilon)
    {
        Neighborhood usual = new(0.1, 0.1);
        Assert.That(
            () => new Neighborhood(0.1, epsilon), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("ε is"));
        Assert.That(
            () => usual
            with { Epsilon = epsilon }, Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("ε is"));
        Assert.That(() => new AlgorithmOne(1, epsilon: epsilon), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new LocalSmoothness(1, 0.1, epsilon), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void TheSmallestOneGivesNumbers()
    {
        Neighborhood least = new(0, Neighborhood.Smallest);
        foreach (float weight in new[] { 0f, 1e-3f, 1f, 1e8f })
        {
            float kappa = Kappa.Of(new Float1(weight), new Float1((float)least.Gamma), new Float1((float)least.Epsilon)).Value;
            float term = PsiTerm.Of(new Float1(weight), new Float1(kappa), new Float1(1e-4f), new Float1(1f), out _).Value;
            Assert.That(float.IsNormal(kappa) && float.IsNormal(1 / kappa), Is.True);
            Assert.That(term, Is.EqualTo(Math.Log((weight + 1e-30) / 1e-30)).Within(1e-4));
        }
    }

    [Test]
    public void KappaIsDefinition4()
    {
        Assert.That(new Neighborhood(0.1, 0.05).Kappa(-3), Is.EqualTo((0.1 * 3) + 0.05).Within(1e-16));
        Assert.That(new Neighborhood(0, 2).Kappa(-3), Is.EqualTo(2));
    }
}
