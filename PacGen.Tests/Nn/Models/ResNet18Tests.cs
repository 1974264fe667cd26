using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// ResNet-18 as torchvision has it, on an image of 224×224 pixels; <c>resnet18-224.py</c> gave PyTorch's numbers.
/// </summary>
internal sealed class ResNet18Tests
{
    private static readonly float[] PyTorch =
        [3.225453f, -54.90471f, -19.08031f, 37.17839f, 43.0583f, -20.19327f, -33.95438f, 41.64167f, -13.54783f, -4.0713f];

    [Test]
    public void APhotographGivesPyTorchsLogits()
    {
        ResNet18 network = new(10);
        using CpuDevice device = new();
        using ParameterArena arena = new(network, device, 1);
        PyTorchLayout layout = PyTorchLayout.Of(network, new Shape(224, 224, 3));
        using MemoryStream stream = new();
        SafetensorsFile.Write(stream, [.. layout.Arrays.Select(array => new NamedTensor(
            array.Name, array.Extents, Values(array.Name, array.Extents)))]);
        using SafetensorsFile file = new(stream, "formula");
        layout.Load(file, arena);

        // (C, H, W) there, (H, W, C) here.
        const int Side = 224;
        float[] theirs = Numbers("image", 3 * Side * Side), image = new float[theirs.Length];
        for (int i = 0; i < theirs.Length; i++)
        {
            image[(i % (Side * Side) * 3) + (i / (Side * Side))] = theirs[i];
        }

        Tensor x = Tensor.Input(new Shape(1, Side, Side, 3), "x"), y = network.Forward(x);
        using CompiledGraph graph = CompiledGraph.Compile(device, [y]);
        graph[x].Write(image);
        graph.Run();
        Assert.That(graph[y].ToArray(), Is.EqualTo(PyTorch).Within(1e-5 * 55), "1e-5 of the largest");
    }

    private static float[] Values(string name, IReadOnlyList<long> extents)
    {
        int count = (int)extents.Aggregate((product, extent) => product * extent);
        float scale = (float)Math.Sqrt(6 / ((double)count / extents[0]));
        bool around1 = name.EndsWith("running_var", StringComparison.Ordinal)
            || (name.EndsWith("weight", StringComparison.Ordinal) && extents.Count == 1);
        return Array.ConvertAll(
            Numbers(name, count), u => extents.Count > 1 ? scale * u : around1 ? 1 + (0.25f * u) : 0.25f * u);
    }

    /// <summary>Uniform in [−1, 1) from a name, in whole numbers.</summary>
    private static float[] Numbers(string name, int count)
    {
        uint start = name.Aggregate(2166136261u, (hash, letter) => (hash ^ letter) * 16777619u);
        float[] numbers = new float[count];
        for (int i = 0; i < count; i++)
        {
            uint x = start + ((uint)i * 2654435769u);
            x = (x ^ (x >> 16)) * 0x21F0AAADu;
            x = (x ^ (x >> 15)) * 0x735A2D97u;
            x ^= x >> 15;
            numbers[i] = (float)((x / 2147483648.0) - 1);
        }

        return numbers;
    }
}
