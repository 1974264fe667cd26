using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>The networks that PyTorch made, by <c>make-networks.py</c>, with inputs and outputs.</summary>
internal static class TestNetworks
{
    /// <summary>Where a file of them lies.</summary>
    public static string PathOf(string file) => Path.Combine(TestContext.CurrentContext.TestDirectory, "Networks", file);

    /// <summary>The shape of one example as PacGen has it.</summary>
    public static Shape Example(string name) => name == "regression" ? new Shape(6) : new Shape(8, 8, 1);

    /// <summary>Inputs, and the outputs of PyTorch and of ONNX Runtime. With one channel, (N, C, H, W) is (N, H, W, C).</summary>
    public static (float[] X, float[] PyTorch, float[] OnnxRuntime) Recorded(string name)
    {
        using SafetensorsFile file = SafetensorsFile.Open(PathOf($"{name}.safetensors"));
        return (file.Read("x"), file.Read("y"), file.Read("z"));
    }

    /// <summary>What a network makes of examples.</summary>
    public static float[] Outputs(Module network, Shape example, float[] x, Device? device = null)
    {
        int count = x.Length / (int)example.Count;
        Tensor input = Tensor.Input(new Shape([count, .. example.AsSpan()]), "x");
        Tensor output = network.Forward(input);
        Dictionary<Tensor, Region> bindings = [];
        using ParameterArena arena = new(network, device ?? Device.Cpu, 1);
        arena.Bind(bindings, arena.Weights);
        using CompiledGraph graph = CompiledGraph.Compile(device ?? Device.Cpu, [output]);
        graph[input].Write(x);
        graph.Run();
        return graph[output].ToArray();
    }

    /// <summary>The largest difference of two lists.</summary>
    public static double Apart(float[] actual, float[] expected)
    {
        Assert.That(actual, Has.Length.EqualTo(expected.Length));
        return actual.Zip(expected, (a, e) => Math.Abs((double)a - e)).Max();
    }
}
