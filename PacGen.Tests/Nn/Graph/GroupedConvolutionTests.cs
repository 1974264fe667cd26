using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Convolutions of narrow groups, several of which are one, against the same group by group.</summary>
internal sealed class GroupedConvolutionTests
{
    [TestCase(32, 16, 8)]
    [TestCase(18, 12, 6)]
    [TestCase(10, 70, 5)]
    public void GroupsTogetherAreThoseOneByOne(int inputs, int outputs, int groups)
    {
        Conv2dGeometry geometry = new(2, 1);
        Tensor x = Tensor.Input(new Shape(2, 5, 6, inputs), "x"), w = Tensor.Input(
            new Shape(3, 3, inputs / groups, outputs), "w");
        Tensor together = Tensor.Conv2d(x, w, geometry, groups: groups);
        Tensor apart = Tensor.Concatenate(-1, [.. x.Split(-1, groups).Zip(
            w.Split(-1, groups), (part, kernel) => Tensor.Conv2d(part, kernel, geometry))]);
        Compare(together, apart, x, w);
        Tensor v = Tensor.Input(new Shape(3, 3, outputs / groups, inputs), "v");
        Compare(
            Tensor.ConvTranspose2d(x, v, geometry, groups: groups),
            Tensor.Concatenate(-1, [.. x.Split(-1, groups).Zip(
                v.Split(-1, groups), (part, kernel) => Tensor.ConvTranspose2d(part, kernel, geometry))]),
            x, v);
    }

    private static void Compare(Tensor one, Tensor other, Tensor x, Tensor w)
    {
        Assert.That(one.Shape, Is.EqualTo(other.Shape));
        Tensor[] all = [one, .. one.Square().Sum().Gradient(x, w), other, .. other.Square().Sum().Gradient(x, w)];
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, all);
        Random random = new(5);
        foreach (Tensor input in (Tensor[])[x, w])
        {
            graph[input].Write([.. Enumerable.Range(0, (int)input.Shape.Count).Select(_ => random.NextSingle() - 0.5f)]);
        }

        graph.Run();
        for (int i = 0; i < 3; i++)
        {
            float[] expected = graph[all[i + 3]].ToArray();
            Assert.That(expected.Max(Math.Abs), Is.GreaterThan(0.1));
            Assert.That(graph[all[i]].ToArray(), Is.EqualTo(expected).Within(1e-5f * expected.Max(Math.Abs)));
        }
    }
}
