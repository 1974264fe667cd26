using MathNet.Numerics.LinearAlgebra;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>(2) for least squares, where the maximum over the box lies at a corner that is known or can be tried.</summary>
internal sealed class KeskarSharpnessTests
{
    [TestCase(1e-3)]
    [TestCase(0.1)]
    public void ADiagonalQuadraticIsLargestAtItsCorner(double epsilon)
    {
        using Quadratic quadratic = Quadratic.Diagonal();
        Vector<double> w = quadratic.Weights, gradient = quadratic.GradientAt(w);
        double rise = 0;
        for (int i = 0; i < w.Count; i++)
        {
            double width = epsilon * (Math.Abs(w[i]) + 1);
            rise += (Math.Abs(gradient[i]) * width) + (quadratic.Hessian[i, i] * width * width / 2);
        }

        double loss = quadratic.ValueAt(w);
        KeskarSharpness found = KeskarAscent.Measure(quadratic.Empirical, new KeskarOptions { Epsilon = epsilon });
        Assert.That(found.Value, Is.EqualTo(100 * rise / (1 + loss)).Within(0.2).Percent);
        Assert.That(found.LargestLoss, Is.EqualTo(loss + rise).Within(1e-3).Percent);
        Assert.That(found.Loss, Is.EqualTo(loss).Within(1e-4).Percent);
        Assert.That(found.Dimension, Is.EqualTo(7));
        Assert.That(found.Best.AtBounds, Is.EqualTo(1));
        Assert.That(
            found.Starts.Select(start => start.Name), Is.EqualTo(new[] { "0", "random 1", "random 2", "corner 1", "corner 2" }));
        if (epsilon == 1e-3)
        {
            Assert.That(found.StartsAgree, Is.True, "the gradient decides");
        }
    }

    [TestCase(1)]
    [TestCase(3)]
    public void InARandomSubspaceItIsTheBestCornerOfTheBoxAroundThePseudoInverse(int directions)
    {
        using Quadratic quadratic = Quadratic.Full();
        const double Epsilon = 0.05;
        RandomSubspace subspace = new(7, directions, 4);
        Matrix<double> a = Matrix<double>.Build.Dense(7, directions);
        for (int j = 0; j < directions; j++)
        {
            float[] column = new float[7];
            subspace.Move(new float[7], [.. Enumerable.Range(0, directions).Select(k => k == j ? 1.0 : 0)], column);
            a.SetColumn(j, [.. column.Select(value => (double)value)]);
            Assert.That(a.Column(j).L2Norm(), Is.EqualTo(1).Within(1e-6));
        }

        Vector<double> w = quadratic.Weights, coordinates = a.PseudoInverse() * w;
        Vector<double> widths = coordinates.Map(value => Epsilon * (Math.Abs(value) + 1));
        double largest = Enumerable.Range(0, 1 << directions).Max(corner =>
            quadratic.ValueAt(w + (a * widths.MapIndexed((i, width) => ((corner >> i) & 1) == 0 ? width : -width))));
        KeskarSharpness found =
            KeskarAscent.Measure(quadratic.Empirical, new KeskarOptions { Epsilon = Epsilon, Directions = directions, Seed = 4 });
        Assert.That(found.LargestLoss, Is.EqualTo(largest).Within(1e-4).Percent);
        Assert.That(
            found.Value, Is.EqualTo(100 * (largest - quadratic.ValueAt(w)) / (1 + quadratic.ValueAt(w))).Within(0.5).Percent);
        Assert.That(found.Dimension, Is.EqualTo(directions));
    }

    [Test]
    public void SaysWhereStartsDisagree()
    {
        // At the minimum of a diagonal quadratic the start at 0 has nowhere to climb, and every corner is as high.
        using Quadratic quadratic = Quadratic.Diagonal();
        Vector<double> minimum = quadratic.Weights - quadratic.Hessian.Solve(quadratic.GradientAt(quadratic.Weights));
        quadratic.Arena.Load([.. minimum.Select(value => (float)value)]);
        const double Epsilon = 0.1;
        double rise =
            Enumerable.Range(0, 7).Sum(i => quadratic.Hessian[i, i] * Math.Pow(Epsilon * (Math.Abs(minimum[i]) + 1), 2) / 2);
        KeskarSharpness found = KeskarAscent.Measure(quadratic.Empirical, new KeskarOptions { Epsilon = Epsilon });
        Assert.That(found.LargestLoss - found.Loss, Is.EqualTo(rise).Within(0.2).Percent);
        KeskarSharpness alone = KeskarAscent.Measure(
            quadratic.Empirical, new KeskarOptions { Epsilon = Epsilon, RandomStarts = 0, CornerStarts = 0, Iterations = 1 });
        Assert.That(alone.Value, Is.EqualTo(0).Within(1e-3));
        Assert.That(alone.Best.Ended, Is.False, "its iterations were spent");
        KeskarSharpness both = KeskarAscent.Measure(
            quadratic.Empirical, new KeskarOptions { Epsilon = Epsilon, RandomStarts = 0, CornerStarts = 1, Iterations = 1 });
        Assert.That(both.StartsAgree, Is.False);
        Assert.That(both.Best.Name, Is.EqualTo("corner 1"));
        Assert.That(both.ToString(), Does.Contain("disagree").And.Contain("a lower bound"));
    }

    [Test]
    public void ASeedDecidesAndThreadsDoNot()
    {
        Dataset digits = Datasets.Digits();
        Mlp model = new(64, 6, 10);
        KeskarSharpness Of(Device device, ulong seed)
        {
            using ParameterArena arena = new(model, device, 5);
            using EmpiricalLoss empirical = new(model, arena, digits.Test);
            return KeskarAscent.Measure(
                empirical, new KeskarOptions { Epsilon = 0.01, Directions = 8, Seed = seed, Iterations = 10 });
        }

        using CpuDevice one = new(1), three = new(3);
        KeskarSharpness first = Of(one, 1);
        Assert.That(Of(three, 1).Starts, Is.EqualTo(first.Starts));
        Assert.That(Of(one, 2).LargestLoss, Is.Not.EqualTo(first.LargestLoss));
        Assert.That(first.Value, Is.GreaterThan(0));
    }

    [Test]
    public void WrongOptionsAreErrorsThatNameThem()
    {
        using Quadratic quadratic = Quadratic.Full();
        foreach ((KeskarOptions options, string part) in new[]
        {
            (new KeskarOptions { Epsilon = 0 }, "ε is 0"),
            (new KeskarOptions { Directions = 8 }, "from 0 (the full space) to 7"),
            (new KeskarOptions { Iterations = 0 }, "iterations is 0"),
            (new KeskarOptions { CornerStarts = -1 }, "starts is negative"),
        })
        {
            Assert.That(
                () => KeskarAscent.Measure(quadratic.Empirical, options), Throws.ArgumentException.With.Message.Contains(part));
        }
    }
}
