using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using PacGen.Kernels;
using PacGen.Nn;
using PacGen.Tests.Kernels;

namespace PacGen.Tests.Nn;

/// <summary>Operators one by one give what they give in ONNX Runtime.</summary>
internal sealed class OnnxOperatorTests
{
    private const double Tolerance = 1e-5;
    private static readonly Shape Image = new(6, 5, 4), Sequence = new(7, 3);

    private static readonly (string Name, Shape Example, int Opset, Func<TinyModel, string> Build)[] Cases =
    [
        ("Resize nearest, twice", Image, 13, m => Resized(
            m, "nearest", [1, 1, 2, 2], ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor"))),
        ("Resize nearest, smaller", Image, 13, m => Resized(m, "nearest", [1, 1, 0.5f, 0.6f])),
        ("Resize nearest, by ceil", Image, 13, m => Resized(
            m, "nearest", [1, 1, 1.7f, 3], ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "ceil"))),
        ("Resize nearest, prefers ceil", Image, 13, m => Resized(
            m, "nearest", [1, 1, 0.5f, 2.5f], ("nearest_mode", "round_prefer_ceil"))),
        ("Resize linear", Image, 13, m => Resized(m, "linear", [1, 1, 2, 3])),
        ("Resize linear, corners", Image, 13, m => Resized(
            m, "linear", [1, 1, 2, 1.5f], ("coordinate_transformation_mode", "align_corners"))),
        ("Resize linear, of PyTorch", Image, 13, m => Resized(
            m, "linear", [1, 1, 1.5f, 0.2f], ("coordinate_transformation_mode", "pytorch_half_pixel"))),
        ("Resize linear, symmetric", Image, 19, m => Resized(
            m, "linear", [1, 1, 1.3f, 0.7f], ("coordinate_transformation_mode", "half_pixel_symmetric"))),
        ("Resize cubic", Image, 13, m => Resized(m, "cubic", [1, 1, 2, 1.4f])),
        ("Resize cubic, without what is outside", Image, 13, m => Resized(
            m, "cubic", [1, 1, 2, 1.4f], ("exclude_outside", 1), ("cubic_coeff_a", -0.5f))),
        ("Resize nearest, a third", Image, 13, m => Resized(m, "nearest", [1, 1, 1 / 3f, 0.6f], ("nearest_mode", "floor"))),
        ("Resize of a stated batch", Image, 13, m => m.Node("Resize", ["x", "", "", m.Whole(2, 4, 12, 15)])),
        ("Resize of two axes", Image, 18, m => m.Node(
            "Resize", ["x", "", "", m.Whole(8, 10)], [("mode", "linear"), ("axes", new[] { 2, 3 })])),
        ("Resize of sequences", Sequence, 13, m => Resized(m, "linear", [1, 2, 1])),
        ("DepthToSpace", Image, 13, m => m.Node("DepthToSpace", ["x"], [("blocksize", 2)])),
        ("DepthToSpace, columns first", Image, 13, m => m.Node("DepthToSpace", ["x"], [("blocksize", 2), ("mode", "CRD")])),
        ("SpaceToDepth", new Shape(6, 4, 3), 13, m => m.Node("SpaceToDepth", ["x"], [("blocksize", 2)])),
        ("LRN", Image, 13, m => m.Node("LRN", ["x"], [("size", 3), ("alpha", 0.5f), ("beta", 0.6f), ("bias", 1.5f)])),
        ("LRN over more than there are", Image, 13, m => m.Node("LRN", ["x"], [("size", 31), ("alpha", 2f)])),
        ("Pad reflect", Image, 13, m => m.Node("Pad", ["x", m.Whole(0, 0, 2, 1, 0, 0, 1, 4)], [("mode", "reflect")])),
        ("Pad edge", Image, 13, m => m.Node("Pad", ["x", m.Whole(0, 1, 2, 1, 0, 0, 9, 4)], [("mode", "edge")])),
        ("Pad wrap", Image, 19, m => m.Node("Pad", ["x", m.Whole(0, 0, 2, 1, 0, 0, 1, 4)], [("mode", "wrap")])),
        ("LSTM", Sequence, 14, m => Recurrent(m, "LSTM", 4, "forward")),
        ("LSTM backwards", Sequence, 14, m => Recurrent(m, "LSTM", 4, "reverse", output: 1)),
        ("LSTM both ways", Sequence, 14, m => Recurrent(
            m, "LSTM", 4, "bidirectional", states: [m.Weights(2, 2, 4), m.Weights(2, 2, 4)])),
        ("LSTM, last c", Sequence, 14, m => Recurrent(m, "LSTM", 4, "forward", output: 2, bias: false)),
        ("GRU", Sequence, 14, m => Recurrent(m, "GRU", 3, "bidirectional", attributes: ("linear_before_reset", 1))),
        ("GRU, no bias", Sequence, 14, m => Recurrent(
            m, "GRU", 3, "forward", states: [m.Weights(1, 2, 4)], bias: false, attributes: ("linear_before_reset", 1))),
        ("LSTM from zeros of the batch", Sequence, 14, m => Recurrent(
            m, "LSTM", 4, "bidirectional", states: [ZerosOfBatch(m, 2), ZerosOfBatch(m, 2)])),
        ("GRU from zeros of the batch", Sequence, 14, m => Recurrent(
            m, "GRU", 3, "reverse", states: [ZerosOfBatch(m, 1)], attributes: ("linear_before_reset", 1))),
        ("RNN", Sequence, 14, m => Recurrent(m, "RNN", 1, "forward")),
        ("RNN of ReLU", Sequence, 14, m => Recurrent(
            m, "RNN", 1, "bidirectional", output: 1, attributes: ("activations", new[] { "Relu", "Relu" }))),
        ("CumSum", Sequence, 13, m => m.Node("CumSum", ["x", m.One(1L)])),
        ("CumSum of what is before", Image, 13, m => m.Node("CumSum", ["x", m.One(-1L)], [("exclusive", 1)])),
        ("CumSum of what is behind", Image, 13, m => m.Node("CumSum", ["x", m.One(1L)], [("exclusive", 1), ("reverse", 1)])),
        ("Tile", Image, 13, m => m.Node("Tile", ["x", m.Whole(1, 2, 1, 3)])),
        ("Einsum of a matrix", Sequence, 13, m => m.Node("Einsum", ["x", m.Weights(3, 4)], [("equation", "btf,fo->bto")])),
        ("Einsum of attention", Sequence, 13, m => m.Node("Einsum", ["x", "x"], [("equation", "bqd,bkd->bqk")])),
        ("Einsum of heads", Sequence, 13, m => m.Node(
            "Einsum", ["x", m.Weights(2, 3, 4)], [("equation", " b t f , h f d -> b h t d ")])),
        ("Einsum of three", Sequence, 13, m => m.Node(
            "Einsum", ["x", m.Weights(7, 2), m.Weights(3, 4)], [("equation", "btf,ts,fo->bso")])),
        ("Einsum of one", Sequence, 13, m => m.Node("Einsum", ["x"], [("equation", "btf->bf")])),
        ("Einsum with an ellipsis", Image, 13, m => m.Node(
            "Einsum", ["x", m.Weights(1, 4, 5, 2)], [("equation", "...ij,...jk->...ik")])),
        ("Einsum without a result", Sequence, 13, m => m.Node("Einsum", ["x", m.Weights(7, 3)], [("equation", "btf,tg")])),
        ("Einsum of a row", Sequence, 13, m => m.Node("Einsum", ["x", m.Weights(3)], [("equation", "btf,f->bt")])),
        ("ReduceL1", Sequence, 13, m => m.Node("ReduceL1", ["x"], [("axes", new[] { 2 })])),
        ("ReduceLogSumExp", Image, 13, m => m.Node("ReduceLogSumExp", ["x"], [("axes", new[] { 1, 3 }), ("keepdims", 0)])),
        ("ReduceLogSumExp of none", Sequence, 13, m => m.Node("ReduceLogSumExp", [
            m.Node("Where", [m.Node("Less", ["x", m.One(0.5f)]), m.One(float.NegativeInfinity), "x"])], [("axes", new[] { 2 })])),
        ("ReduceLogSum", Sequence, 18, m => m.Node("ReduceLogSum", [m.Node("Exp", ["x"]), m.Whole(-1)])),
        ("RMSNormalization", Sequence, 23, m => m.Node("RMSNormalization", ["x", m.Weights(3)])),
        ("Celu", Image, 13, m => m.Node("Celu", ["x"], [("alpha", 0.7f)])),
        ("ThresholdedRelu", Image, 13, m => m.Node("ThresholdedRelu", ["x"], [("alpha", 0.2f)])),
        ("Swish", Image, 24, m => m.Node("Swish", ["x"], [("alpha", 1.5f)])),
        ("Sign", Image, 13, m => m.Node("Sign", ["x"])),
        ("Mean", Image, 13, m => m.Node("Mean", ["x", m.Weights(4, 1, 1), "x"])),
        ("Comparisons", Image, 16, m =>
        {
            string few = m.Node("LessOrEqual", ["x", m.One(0.2f)]), many = m.Node("GreaterOrEqual", ["x", m.One(-0.2f)]);
            string some = m.Node("And", [m.Node("Not", [few]), many]);
            return m.Node("Where", [m.Node("Or", [some, m.Node("Less", ["x", m.One(-0.7f)])]), "x", m.One(9f)]);
        }),
        ("MatMul with a vector", Sequence, 13, m => m.Node("MatMul", ["x", m.Weights(3)])),
        ("MatMul of a vector", Sequence, 13, m => m.Node("MatMul", [m.Weights(7), "x"])),
        ("Angles", Sequence, 13, m => m.Node("Mul", ["x", m.Node("Add", [
            m.Node("Sin", [m.Node("Range", [m.One(0f), m.One(3f), m.One(1f)])]),
            m.Node("Cos", [m.Node("Range", [m.One(0f), m.One(3f), m.One(1f)])])])])),
        ("Mask of what comes later", Sequence, 14, m => m.Node("MatMul", [
            m.Node("Trilu", [m.Node("Tile", [m.Node("ConstantOfShape", [m.Whole(7, 7)]), m.Whole(1, 1)]), m.One(1L)],
                [("upper", 0)]), "x"])),
        ("Trilu of the examples", Image, 14, m => m.Node("Trilu", ["x", ""], [("upper", 0)])),
        ("Tile of numbers", Sequence, 13, m => m.Node("Mul", ["x", m.Node("Tile", [
            m.Node("Reshape", [m.Node("Range", [m.One(1f), m.One(8f), m.One(1f)]), m.Whole(7, 1)]), m.Whole(1, 3)])])),
        ("Only the last state", Sequence, 14, m =>
        {
            // A node whose first output has no name is not needed by others that leave an input out.
            m.Node("LSTM", [m.Node("Transpose", ["x"], [("perm", new[] { 1, 0, 2 })]), m.Weights(1, 16, 3), m.Weights(1, 16, 4)],
                [("hidden_size", 4)], -1);
            return m.Node("Resize", ["x", "", m.Numbers(1, 1, 2)]);
        }),
        ("Triangle", Sequence, 14, m => m.Node("MatMul", [
            m.Node("Trilu", [m.Node("Reshape", [
                m.Node("Range", [m.One(0f), m.One(49f), m.One(1f)]), m.Whole(7, 7)]), m.One(-1L)]), "x"])),
    ];

    /// <summary>Cases whose files are for batches of 2.</summary>
    private static readonly string[] OfTwo = ["Resize of a stated batch", "LSTM both ways", "GRU, no bias"];

    private static IEnumerable<string> Names() => Cases.Select(one => one.Name);

    private static IEnumerable<string> NamesOfAnyBatch() => Names().Except(OfTwo);

    /// <summary>A file of each case.</summary>
    public static IEnumerable<(Shape Example, byte[] File)> Files() =>
        Cases.Select(one => (one.Example, FileOf(one.Name, out _, out _)));

    [TestCaseSource(nameof(Names))]
    public void AnOperatorGivesWhatOnnxRuntimeGives(string name)
    {
        byte[] bytes = FileOf(name, out Shape example, out int[] theirs);
        float[] x = KernelRun.Random(new Shape([2, .. example.AsSpan()]), 3);
        OnnxNetwork network = OnnxNetwork.Read(bytes, name, example);
        float[] expected = Runtime(bytes, [2, .. theirs], Theirs(x, 2, example));
        Assert.That(TestNetworks.Apart(TestNetworks.Outputs(network, example, x), expected), Is.LessThan(Tolerance));
    }

    /// <summary>A network of each operator, written again, is the same for batches of any size.</summary>
    [TestCaseSource(nameof(NamesOfAnyBatch))]
    public void AnOperatorIsWritten(string name)
    {
        OnnxNetwork network = OnnxNetwork.Read(FileOf(name, out Shape example, out int[] theirs), name, example);
        using ParameterArena arena = new(network, Device.Cpu, 1);
        using MemoryStream stream = new();
        OnnxExport.Write(stream, network, arena, example);
        float[] x = KernelRun.Random(new Shape([3, .. example.AsSpan()]), 4);
        float[] written = Runtime(stream.ToArray(), [3, .. theirs], Theirs(x, 3, example));
        Assert.That(TestNetworks.Apart(written, TestNetworks.Outputs(network, example, x)), Is.LessThan(Tolerance));
    }

    /// <summary>The rows of a digit as a sequence: an LSTM whose weights a file has learns, is scored and measured.</summary>
    [Test]
    public void AnLstmOfAFileIsTrained()
    {
        const int Hidden = 16;
        TinyModel model = new();
        string states = model.Node(
            "LSTM",
            [model.Node("Transpose", ["x"], [("perm", new[] { 1, 0, 2 })]), model.Weights(1, 4 * Hidden, 8),
                model.Weights(1, 4 * Hidden, Hidden), model.Weights(1, 8 * Hidden)],
            [("hidden_size", Hidden)], 1);
        string last = model.Node("Squeeze", [states, model.Whole(0)]);
        byte[] bytes = model.Model(model.Node("Gemm", [last, model.Weights(Hidden, 10), model.Weights(10)]), 14, 8, 8);
        OnnxNetwork network = OnnxNetwork.Read(bytes, "lstm", new Shape(8, 8, 1));
        Dataset digits = Datasets.Digits();
        using Trainer trainer = new(
            network, digits, new Adam(0.01), new TrainingOptions { Epochs = 6, BatchSize = 32, Device = Device.Cpu });
        Assert.That(trainer.Evaluate(digits.Test).Accuracy, Is.LessThan(0.4));
        trainer.Run();
        Assert.That(trainer.Evaluate(digits.Test).Accuracy, Is.GreaterThan(0.9));
        Assert.That(trainer.Score(new ScoreOptions { Images = 64, Draws = 1 }).Value, Is.GreaterThan(0));
        using EmpiricalLoss loss = new(network, trainer.Arena, digits.Train.Take(64));
        Assert.That(
            PacGen.Nn.Measures.All.Single(row => row.Name == "trace").Of(loss, 1, null, default).Value, Is.GreaterThan(0));
    }

    /// <summary>First states that are zeros in the file are no weights; others are.</summary>
    [TestCase(0f, false, 0)]
    [TestCase(0.5f, false, 8)]
    [TestCase(0f, true, 0)]
    [TestCase(0.5f, true, 16)]
    public void FirstStatesOfZerosAreNoWeights(float value, bool cut, int more)
    {
        TinyModel model = new();
        string[] states = [State(), State()];
        byte[] bytes = model.Model(Recurrent(model, "LSTM", 4, "forward", states: states), 14, 7, 3);
        OnnxNetwork network = OnnxNetwork.Read(bytes, "lstm", Sequence);
        Assert.That(network.ParameterCount, Is.EqualTo((16 * (3 + 4 + 2)) + more + 1));
        Assert.That(
            OnnxNetwork.FromStructure(network.Structure(), "lstm", Sequence, network.ParameterCount).ParameterCount,
            Is.EqualTo(network.ParameterCount));

        // Of all layers together, a layer's is cut.
        string State() => cut
            ? model.Node("Slice", [model.Filled(value, 2, 1, 4), model.Whole(1), model.Whole(2), model.Whole(0)])
            : model.Filled(value, 1, 1, 4);
    }

    [TestCase("GRU", "linear_before_reset is 0")]
    [TestCase("LSTM", "clip is 3")]
    public void OtherUnitsAreRefused(string type, string message)
    {
        TinyModel model = new();
        string y = Recurrent(
            model, type, type == "GRU" ? 3 : 4, "forward", attributes: type == "GRU" ? ("direction", "forward") : ("clip", 3f));
        Assert.That(
            () => OnnxNetwork.Read(model.Model(y, 14, 7, 3), "net", Sequence),
            Throws.TypeOf<CheckpointException>().With.Message.Contains(message));
    }

    private static byte[] FileOf(string name, out Shape example, out int[] theirs)
    {
        (_, example, int opset, Func<TinyModel, string> build) = Cases.First(one => one.Name == name);
        TinyModel model = new();
        theirs = example.Rank == 3 ? [example[2], example[0], example[1]] : example.AsSpan().ToArray();
        return model.Model(build(model), opset, theirs);
    }

    private static float[] Theirs(float[] x, int count, Shape example) => example.Rank == 3
        ? [.. AxisOrder.Places([count, .. example.AsSpan()], OnnxAxes.ToChannelsFirst).Select(place => x[place])] : x;

    /// <summary>As PyTorch writes the first states of a batch of any size.</summary>
    private static string ZerosOfBatch(TinyModel model, int directions)
    {
        string batch = model.Node("Gather", [model.Node("Shape", ["x"]), model.Whole(0)]);
        return model.Node(
            "ConstantOfShape", [model.Node("Concat", [model.Whole(directions), batch, model.Whole(4)], [("axis", 0)])]);
    }

    private static string Resized(TinyModel model, string mode, float[] scales, params (string, object)[] attributes) =>
        model.Node("Resize", ["x", "", model.Numbers(scales)], [("mode", mode), .. attributes]);

    /// <summary>Units over x, (N, T, F), with the examples' axis in front again.</summary>
    private static string Recurrent(
        TinyModel model, string type, int gates, string direction, int output = 0, string[]? states = null, bool bias = true,
        params (string, object)[] attributes)
    {
        const int Hidden = 4;
        int directions = direction == "bidirectional" ? 2 : 1;
        string[] inputs =
        [
            model.Node("Transpose", ["x"], [("perm", new[] { 1, 0, 2 })]), model.Weights(directions, gates * Hidden, 3),
            model.Weights(directions, gates * Hidden, Hidden), bias ? model.Weights(directions, 2 * gates * Hidden) : "",
            "", .. states ?? [],
        ];
        string y = model.Node(type, inputs, [
            ("hidden_size", Hidden), .. attributes.Any(one => one.Item1 == "direction") ? []
                : new (string, object)[] { ("direction", direction) }, .. attributes], output);
        return model.Node("Transpose", [y], [("perm", output == 0 ? new[] { 2, 0, 1, 3 } : [1, 0, 2])]);
    }

    private static float[] Runtime(byte[] model, int[] dims, float[] x)
    {
        using SessionOptions options = new() { IntraOpNumThreads = 1 };
        using InferenceSession session = new(model, options);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs =
            session.Run([NamedOnnxValue.CreateFromTensor("x", new DenseTensor<float>(x, dims))]);
        return [.. outputs[0].AsEnumerable<float>()];
    }
}
