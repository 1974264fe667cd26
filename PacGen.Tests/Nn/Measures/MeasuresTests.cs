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
    /// What measures a network is a static method <c>Measure(subject, options, progress, cancellation)</c>, and what it returns
    /// has no such method.
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
                way.GetParameters().Select(parameter => parameter.Name),
                Is.EqualTo(new[] { "subject", "options", "progress", "cancellation" }), way.DeclaringType.Name);
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
