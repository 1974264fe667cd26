using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// Gradients where functions have none, at ties: each must be a subgradient, and the maximum's is that of PyTorch's <c>amax</c>.
/// </summary>
internal sealed class TieTests
{
    /// <summary>Convex functions at a point where they bend.</summary>
    private static readonly Dictionary<string, (Shape Shape, Func<Tensor, Tensor> Build)> Convex = new()
    {
        ["max of all"] = (new(5), x => x.Max([0])),
        ["max along one axis"] = (new(4, 3), x => x.Max([1]).Sum()),
        ["max along outer axes"] = (new(2, 3, 4), x => x.Max([0, 2], true).Sum()),
        ["max of absolute values"] = (new(6), x => x.Abs().Max([0])),
        ["max minus min"] = (new(5), x => x.Max([0]) + (-x).Max([0])),
        ["multiclass hinge"] = (new(3, 4), x => Hinge(x, [0, 3, 1])),
        ["larger of two"] = (new(7), x => Tensor.Maximum(x, x * 2f).Sum()),
        ["relu"] = (new(7), x => x.Relu().Sum()),
        ["absolute value"] = (new(7), x => x.Abs().Sum()),
        ["max pooling"] = (new(2, 4, 4, 3), x => x.MaxPool2d(2).Sum()),
        ["overlapping max pooling"] = (new(1, 5, 5, 2), x => x.MaxPool2d(3, 2, 1).Sum()),
        ["log-softmax's shift"] = (new(2, 4), x => -x.LogSoftmax().Sum()),
    };

    private static IEnumerable<string> Names => Convex.Keys;

    /// <summary>
    /// g is a subgradient where ⟨g, v⟩ is at most the slope in direction v, for each v: (f(x + tv) − f(x))/t, t &gt; 0.
    /// </summary>
    [TestCaseSource(nameof(Names))]
    public void AtATieTheGradientIsASubgradient(string name)
    {
        (Shape shape, Func<Tensor, Tensor> build) = Convex[name];
        const ulong Seed = 12;
        const float Step = 1f / 64;
        Tensor x = Tensor.Input(shape, "x");
        Tensor value = build(x);
        Tensor gradient = value.Gradient(x)[0];
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [value, gradient]);
        double At(float[] point)
        {
            graph[x].Write(point);
            graph.Run();
            return graph[value].ToArray()[0];
        }

        double tied = At(new float[shape.Count]);
        float[] g = graph[gradient].ToArray();
        for (uint draw = 0; draw < 50; draw++)
        {
            RandomStream random = new(Seed, draw, 0);
            float[] v = [.. g.Select(_ => (float)(random.NextBelow(17) - 8))];
            double along = g.Zip(v, (a, b) => (double)a * b).Sum();
            double slope = (At([.. v.Select(element => element * Step)]) - tied) / Step;
            Assert.That(along, Is.LessThanOrEqualTo(slope + 1e-4), $"direction ({string.Join(", ", v)}), seed {Seed}");
        }
    }

    /// <summary>
    /// Two equal elements have half of the gradient each; a function of the maximum has its second derivative times the product
    /// of these.
    /// </summary>
    [Test]
    public void TheMaximumOfTwoEqualElementsGivesHalfToEach()
    {
        Tensor x = Tensor.Constant(new Shape(2), [1, 1]);
        Assert.That(x.Max([0]).Gradient(x)[0].Evaluate(), Is.EqualTo(new[] { 0.5f, 0.5f }));

        // f = (max x)²: ∇f = 2·max·s = (1, 1) with s = (½, ½), and ∇²f·v = 2⟨s, v⟩s = (½, ½) for v = (1, 0).
        Tensor[] first = x.Max([0]).Square().Gradient(x);
        Assert.That(first[0].Evaluate(), Is.EqualTo(new[] { 1f, 1f }));
        Tensor along = (first[0] * Tensor.Constant(new Shape(2), [1, 0])).Sum();
        Assert.That(along.Gradient(x)[0].Evaluate(), Is.EqualTo(new[] { 0.5f, 0.5f }));
    }

    /// <summary>Of several maxima only those that are equal share, whatever lies beside them.</summary>
    [Test]
    public void OnlyTheLargestShare()
    {
        Tensor x = Tensor.Constant(new Shape(2, 4), [3, 1, 3, 3, -2, -2, -5, -9]);
        Assert.That(
            (x.Max([1]) * Tensor.Constant(new Shape(2), [6, 10])).Sum().Gradient(x)[0].Evaluate(),
            Is.EqualTo(new[] { 2f, 0, 2, 2, 5, 5, 0, 0 }));
    }

    [Test]
    public void SeventyThousandEqualElementsShareOneGradient()
    {
        float[] ones = new float[70_000];
        Array.Fill(ones, 1f);
        Tensor x = Tensor.Constant(new Shape(ones.Length), ones);
        float[] gradient = x.Max([0]).Gradient(x)[0].Evaluate();
        Assert.That(gradient, Has.All.EqualTo(1f / 70_000));
        Assert.That(gradient.Sum(value => (double)value), Is.EqualTo(1).Within(1e-6));
    }

    /// <summary>
    /// max_j(z_j + [j ≠ y]) − z_y at z = 0: three classes share the maximum 1, so (−1, ⅓, ⅓, ⅓), whose sum is 0.
    /// </summary>
    [Test]
    public void AMulticlassHingeAtZeroLogitsMovesNoSum()
    {
        Tensor z = Tensor.Constant(new Shape(1, 4), new float[4]);
        Assert.That(Hinge(z, [0]).Gradient(z)[0].Evaluate(), Is.EqualTo(new[] { -1f, 1 / 3f, 1 / 3f, 1 / 3f }).Within(1e-7));
    }

    private static Tensor Hinge(Tensor logits, int[] labels)
    {
        float[] margins = new float[logits.Shape.Count];
        Array.Fill(margins, 1f);
        for (int row = 0; row < labels.Length; row++)
        {
            margins[(row * logits.Shape[1]) + labels[row]] = 0;
        }

        Tensor own = logits.GatherColumn(Tensor.Constant(new Shape(labels.Length), [.. labels.Select(label => (float)label)]));
        return ((logits + Tensor.Constant(logits.Shape, margins)).Max([1]) - own).Sum();
    }
}
