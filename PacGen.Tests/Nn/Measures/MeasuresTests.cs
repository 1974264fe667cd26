using System.Reflection;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class MeasuresTests
{
    /// <summary>
    /// Every row gives a value within its own uncertainty, says what it cost, reports progress and stops when cancelled.
    /// </summary>
    [Test]
    public void EveryRowMeasuresANetwork()
    {
        using TrainedNetwork network = TrainedNetwork.Of("mlp");
        using EmpiricalLoss subject = new(network.Model, network.Arena, Datasets.Digits().Train.Take(100))
        {
            Training = network.Subject.Training,
        };
        Assert.That(PacGen.Nn.Measures.All.Select(measure => measure.Name), Is.Unique);
        foreach (Measure measure in PacGen.Nn.Measures.All)
        {
            Assert.That(measure.Obstacle?.Invoke(subject), Is.Null, measure.Name);
            int reports = 0;
            Measurement found = measure.Of(subject, 1, new Reports(() => reports++), default);
            Assert.That(found.Value, Is.InRange(found.Uncertainty.Low, found.Uncertainty.High), measure.Name);
            Assert.That(reports, Is.Positive, measure.Name);
            Measurement again = measure.Of(subject, 1, null, default);
            Assert.That(again.Value, Is.EqualTo(found.Value), $"{measure.Name} by the same seed");
            Assert.That($"{again.Cost}", Is.EqualTo($"{found.Cost}"), $"{measure.Name}: what is kept counts as if it were not");
            Assert.That(
                () => measure.Of(subject, 1, null, new CancellationToken(true)), Throws.InstanceOf<OperationCanceledException>(),
                measure.Name);
        }
    }

    /// <summary>
    /// Ψ with its layers alike is the mean of its parts a weight, and Ψ by another batch size that of the options.
    /// </summary>
    [Test]
    public void VariantsOfPsiAreMadeOfItsParts()
    {
        using TrainedNetwork network = TrainedNetwork.Of("cnn");
        EmpiricalLoss subject = network.Subject;
        PacGenScore score = PacGenScorer.Measure(subject, new ScoreOptions { Seed = 1, BatchSize = subject.Images.Count });
        Measurement layers = Row("psi-layer-normalized"), one = Row("psi-batch-1"), aware = Row("psi-magnitude-aware");
        Assert.That(
            layers.Value, Is.EqualTo(score.LayerScores.Average(layer => layer.Psi / layer.Count)).Within(1e-12));
        Assert.That(layers.Layers.Select(layer => layer.Name), Is.EqualTo(score.LayerScores.Select(layer => layer.Name)));
        Assert.That(one.Value, Is.EqualTo(PacGenScorer.Measure(subject, new ScoreOptions
        {
            Seed = 1, BatchSize = 1, Draws = 9,
        }).Psi));
        Assert.That(((PacGenScore)aware).Neighborhood, Is.EqualTo(new PacGen.Core.Perturbation.Neighborhood(0.1, 1e-3)));

        // By hand, at the score's own ρ and h of the pass: one batch of all images, so h is the square of the whole gradient.
        double[] h = [.. network.Twin.Mean(network.W, network.Pictures, network.Labels).Gradient.Select(g => g * g)];
        double rho = ((PacGenScore)aware).Rho, sum = network.W.Select((w, i) => Term(w, h[i])).Sum();
        Assert.That(aware.Value, Is.EqualTo(sum).Within(1e-5 * Math.Abs(sum)));

        Measurement Row(string name) => PacGen.Nn.Measures.All.Single(row => row.Name == name).Of(subject, 1, null, default);

        double Term(double w, double h)
        {
            double kappa = (0.1 * Math.Abs(w)) + 1e-3;
            return Math.Log((Math.Abs(w) + kappa) * Math.Max(
                Math.Sqrt(h + (rho * Math.Sqrt(network.W.Length) * kappa)), 1 / kappa));
        }
    }

    [Test]
    public void ThePosteriorsSharpnessIsTheExpectedLossUnderIt()
    {
        using TrainedNetwork network = TrainedNetwork.Of("mlp");
        EmpiricalLoss subject = network.Subject;
        Measure row = PacGen.Nn.Measures.All.Single(one => one.Name == "posterior-sharpness");
        double found = row.Of(subject, 1, null, default).Value;
        ExpectedLoss expected = ExpectedLossSampler.Measure<PacGen.Core.Perturbation.GaussianNoise>(
            subject, new ExpectedLossOptions { Levels = subject.Training!.PosteriorDeviations, Draws = 30, Seed = 1 });
        subject.MoveToWeights();
        Assert.That(found, Is.EqualTo(expected.Value - subject.Value(default)).Within(1e-12).And.Positive);

        using EmpiricalLoss unknown = new(network.Model, network.Arena, network.Images);
        Assert.That(row.Obstacle!(unknown), Does.Contain("learnt no posterior"));
        Assert.That(() => row.Of(unknown, 1, null, default), Throws.InvalidOperationException);
    }

    /// <summary>
    /// What measures a network is a static method <c>Measure(subject, options, progress, cancellation)</c>, without options where
    /// there is nothing to choose, and what it returns has no such method.
    /// </summary>
    [Test]
    public void EveryMeasureHasOneShape()
    {
        MethodInfo[] ways = [.. typeof(Measurement).Assembly.GetExportedTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.GetParameters() is [{ ParameterType: var first }, ..] && first == typeof(EmpiricalLoss))];
        Assert.That(ways, Has.Length.GreaterThanOrEqualTo(7));
        foreach (MethodInfo way in ways)
        {
            Assert.That(way.Name, Is.AnyOf("Measure", "MeasureAll"), way.DeclaringType!.Name);
            Assert.That(
                string.Join(' ', way.GetParameters().Select(parameter => parameter.Name)),
                Is.AnyOf("subject options progress cancellation", "subject progress cancellation"), way.DeclaringType.Name);
            Assert.That(way.ReturnType, Is.Not.EqualTo(way.DeclaringType), "result and computation are apart");
        }
    }

    private sealed class Reports(Action report) : IProgress<MeasureProgress>
    {
        public void Report(MeasureProgress value)
        {
            Assert.That(value.Done, Is.InRange(1, value.Total), value.Measure);
            report();
        }
    }
}
