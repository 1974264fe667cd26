using PacGen.Kernels;
using PacGen.Nn;
using Random = PacGen.Tests.Kernels.KernelRun;

namespace PacGen.Tests.Nn;

/// <summary>Which sums of the CPU are taken together with the squares about their mean, and that values are right.</summary>
internal sealed class SweepPlanTests
{
    private static readonly Tensor X = Tensor.Input(new Shape(3, 2, 8, 16), "x"), Bias = Tensor.Input(new Shape(16), "bias");

    private static readonly int[] Rows = [0, 1, 2];

    [Test]
    public void MeanAndVarianceAreOnePass()
    {
        Tensor shifted = X + Bias, mean = shifted.Mean(Rows), variance = shifted.Variance(mean, Rows);
        Check([mean, variance], 1);
    }

    [Test]
    public void TheyAreTakenWithTheMapThatMakesTheNumbers()
    {
        Tensor made = (X * Bias).Tanh(), mean = made.Mean(Rows), variance = made.Variance(mean, Rows);
        GraphCompiler plan = Check([made, mean, variance], 1);
        Assert.That(plan.Steps.Count(step => step.Time == plan.Steps[0].Time), Is.EqualTo(3));
    }

    [Test]
    public void AMeanThatKeepsItsAxesWillDo()
    {
        Tensor mean = X.Mean(Rows, true), variance = X.Variance(mean, Rows);
        Check([mean, variance], 1);
    }

    /// <summary>A mean that only the squares read comes behind them, and no other's numbers may lie where its sum does.</summary>
    [Test]
    public void AMeanThatNothingElseReads()
    {
        Tensor x = Tensor.Input(new Shape(64, 16), "x"), made = x.Tanh();
        Check([Tensor.MatMul(made, Tensor.Input(new Shape(16, 16), "w")), made.Variance(made.Mean([0]), [0])], 1);
    }

    [Test]
    public void SquaresAboutAnotherNumberAreNot()
    {
        Tensor sum = X.Sum(Rows), half = sum * (0.5f / 48);
        Check([(X - sum).Square().Sum(Rows), X.Variance(half, Rows), X.Mean(Rows)], 0);
    }

    [Test]
    public void SumsOfOtherAxesAreNot()
    {
        Tensor mean = X.Mean([0]), whole = X.Mean(Rows);
        Check([X.Variance(mean, [0]), (X - whole).Square().Sum([0, 1])], 0);
    }

    private static GraphCompiler Check(Tensor[] outputs, int pairs)
    {
        GraphCompiler plan = CompiledGraph.Plan(Device.Cpu, outputs);
        Assert.That(plan.Steps.Count(step => step.Moments is not null), Is.EqualTo(pairs));
        Assert.That(plan.KernelBytes, pairs > 0 ? Is.Positive : Is.Zero, "what the pass keeps is part of the estimate");
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, outputs);
        Dictionary<Tensor, double[]> values = [];
        foreach (Tensor input in graph.Inputs)
        {
            float[] random = Random.Random(input.Shape, 20312 + (ulong)input.Shape.Rank);
            graph[input].Write(random);
            values[input] = [.. random];
        }

        graph.Run();
        foreach (Tensor output in outputs)
        {
            double[] expected = DoubleReference.Evaluate(output, values);
            Assert.That(graph[output].ToArray(), Is.EqualTo(expected).Within(1e-5 * (1 + expected.Max(Math.Abs))), $"{output}");
        }

        return plan;
    }
}
