using PacGen.Core.Text;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>A network of an ONNX file: of one that a person names, or of what a file of weights kept of it.</summary>
internal sealed class OnnxSource
{
    private readonly long weights;
    private byte[]? structure;

    /// <summary>A file.</summary>
    public OnnxSource(string path)
    {
        Path = path;
        Name = System.IO.Path.GetFileName(path);
    }

    /// <summary>The structure of a file, without the values of its weights.</summary>
    /// <param name="name">The name that the file had.</param>
    /// <param name="structure">The structure.</param>
    /// <param name="weights">How many weights there are.</param>
    public OnnxSource(string name, byte[] structure, long weights) =>
        (Name, this.structure, this.weights) = (name, structure, weights);

    /// <summary>The file's name, without its folder.</summary>
    public string Name { get; }

    /// <summary>The file, from which the weights' values come too; null where they don't.</summary>
    public string? Path { get; }

    /// <summary>The network without its weights' values, once it was made.</summary>
    public byte[] Structure => structure ?? throw new InvalidOperationException("The network was not made yet.");

    /// <summary>What the file says of the samples that the network takes.</summary>
    /// <exception cref="CheckpointException">It can't be read.</exception>
    public TrainedSamples Samples => new(Path ?? Name)
    {
        Normalization = Path is null ? null : OnnxNetwork.ReadNormalization(Path),
    };

    /// <summary>Whether a word is the name of an ONNX file, and not of a model.</summary>
    public static bool IsOne(string word) => word.EndsWith(".onnx", StringComparison.OrdinalIgnoreCase);

    /// <summary>Makes the network for the samples of a data set.</summary>
    /// <exception cref="CheckpointException">The file can't be used, or takes other samples.</exception>
    /// <exception cref="UsageException">It has another number of outputs than the samples have targets.</exception>
    public OnnxNetwork Make(Dataset data)
    {
        Shape example = data.Train.SampleShape;
        OnnxNetwork network = Path is null ? OnnxNetwork.FromStructure(structure, Printable.Name(Name), example, weights)
            : OnnxNetwork.Open(Path, example);
        structure ??= network.Structure();
        int wanted = data.Train.Target.Size;
        return network.Outputs == wanted ? network : throw new UsageException(
            $"{Printable.Name(Name)} has {network.Outputs} outputs, but {data.Name} needs {wanted}: {data.Train.Target}.");
    }
}
