using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>LSTM, GRU and RNN, unrolled over the length of the sequences.</content>
internal static partial class OnnxOperators
{
    /// <summary>A step of one direction: the next state.</summary>
    /// <param name="ofInput">x·Wᵀ with its bias, (N, gates·hidden).</param>
    /// <param name="ofState">h·Rᵀ without its bias.</param>
    /// <param name="bias">The bias of the state's products, (gates·hidden); null for 0.</param>
    /// <param name="h">The state before.</param>
    /// <param name="memory">An LSTM's c.</param>
    private delegate Tensor RecurrentStep(Tensor ofInput, Tensor ofState, Tensor? bias, Tensor h, ref Tensor? memory);

    /// <summary>The gates i, o, f and c, in this order: c ← σ(f)·c + σ(i)·tanh c̃ and h ← σ(o)·tanh c.</summary>
    private static OnnxValue[] Lstm(OnnxCall call)
    {
        if (call.Optional(7) is not null || call.Node.Integer("input_forget", 0) != 0)
        {
            throw new CheckpointException("peepholes (P) and coupled gates (input_forget) are not supported");
        }

        return Unrolled(call, 4, ["Sigmoid", "Tanh", "Tanh"], (Tensor x, Tensor state, Tensor? bias, Tensor _, ref Tensor? c) =>
        {
            Tensor[] gates = (bias is null ? x + state : x + state + bias).Split(1, 4);
            c = (gates[2].Sigmoid() * c!) + (gates[0].Sigmoid() * gates[3].Tanh());
            return gates[1].Sigmoid() * c.Tanh();
        });
    }

    /// <summary>The gates z, r and h: h ← (1 − σ(z))·tanh h̃ + σ(z)·h.</summary>
    private static OnnxValue[] Gru(OnnxCall call)
    {
        // PyTorch's; else r goes into the state before its product.
        if (call.Node.Integer("linear_before_reset", 0) == 0)
        {
            throw new CheckpointException("linear_before_reset is 0, and only 1 is supported, as PyTorch writes it");
        }

        return Unrolled(call, 3, ["Sigmoid", "Tanh"], (Tensor ofInput, Tensor ofState, Tensor? bias, Tensor h, ref Tensor? _) =>
        {
            Tensor[] x = ofInput.Split(1, 3), state = (bias is null ? ofState : ofState + bias).Split(1, 3);
            Tensor kept = (x[0] + state[0]).Sigmoid(), reset = (x[1] + state[1]).Sigmoid();
            return ((1f - kept) * (x[2] + (reset * state[2])).Tanh()) + (kept * h);
        });
    }

    /// <summary>h ← tanh of the sum, or its ReLU.</summary>
    private static OnnxValue[] Rnn(OnnxCall call)
    {
        bool relu = call.Node.Words("activations") is [var first, ..] && first == "Relu";
        return Unrolled(call, 1, [relu ? "Relu" : "Tanh"], (Tensor x, Tensor state, Tensor? bias, Tensor _, ref Tensor? _) =>
        {
            Tensor sum = bias is null ? x + state : x + state + bias;
            return relu ? sum.Relu() : sum.Tanh();
        });
    }

    /// <summary>All outputs (T, directions, N, hidden), the last states (directions, N, hidden), and an LSTM's last c.</summary>
    private static OnnxValue[] Unrolled(OnnxCall call, int gates, string[] activations, RecurrentStep step)
    {
        OnnxNode node = call.Node;
        string[] ways = node.Word("direction", "forward") switch
        {
            "forward" => ["forward"],
            "reverse" => ["reverse"],
            "bidirectional" => ["forward", "reverse"],
            _ => throw node.Wrong("direction"),
        };
        if (node.Words("activations") is { } stated
            && !stated.SequenceEqual(Enumerable.Repeat(activations, ways.Length).SelectMany(one => one)))
        {
            throw node.Wrong("activations");
        }

        foreach (string setting in (string[])["clip", "layout"])
        {
            if (node.Number(setting, 0) != 0)
            {
                throw node.Wrong(setting);
            }
        }

        if (call[0].Dims is not [var length, var count, var inputs] || call[1].Dims is not [var directions, var rows, _]
            || directions != ways.Length || rows % gates != 0)
        {
            throw new CheckpointException(
                $"its inputs have the extents ({string.Join(", ", call[0].Dims)}) and ({string.Join(", ", call[1].Dims)}), " +
                    $"where (T, N, inputs) and ({ways.Length}, {gates}·hidden, inputs) are needed");
        }

        if (call.Optional(4) is OnnxKnown { Array: var lengths } ? lengths.Integers.Any(one => one != length)
            : call.Optional(4) is not null)
        {
            throw new CheckpointException("sequences of different lengths (sequence_lens) are not supported");
        }

        int hidden = rows / gates;
        Shape state = new(count, hidden);
        Tensor x = call[0].Plain().Reshape(length * count, inputs);

        // Stored as products take them.
        Tensor ofInputs = Turned(call[1]), ofStates = Turned(call[2]);
        Tensor? biases = call.Optional(3)?.Plain();
        List<Tensor> outputs = [], last = [], lastMemory = [];
        foreach ((int way, string direction) in ways.Index())
        {
            Tensor products = Tensor.MatMul(x, Of(ofInputs, way).Reshape(inputs, rows)), bias = null!;
            if (biases is not null)
            {
                bias = Of(biases, way).Reshape(2, rows);
                products += Of(bias, 0).Reshape(rows);
                bias = Of(bias, 1).Reshape(rows);
            }

            Tensor[] steps = products.Reshape(length, count, rows).Split(0, length), made = new Tensor[length];
            Tensor h = First(5, way);
            Tensor? memory = gates == 4 ? First(6, way) : null;
            for (int i = 0; i < length; i++)
            {
                int t = direction == "forward" ? i : length - 1 - i;
                h = step(
                    steps[t].Reshape(count, rows), Tensor.MatMul(h, Of(ofStates, way).Reshape(hidden, rows)), bias, h,
                    ref memory);
                made[t] = h;
            }

            outputs.Add(Tensor.Stack(0, made));
            last.Add(h);
            lastMemory.Add(memory ?? h);
        }

        return [
            new OnnxTensor(Tensor.Stack(1, [.. outputs]), [length, directions, count, hidden]),
            new OnnxTensor(Tensor.Stack(0, [.. last]), [directions, count, hidden]),
            new OnnxTensor(Tensor.Stack(0, [.. lastMemory]), [directions, count, hidden])];

        static Tensor Of(Tensor all, int way) => all.Slice(0, way, way + 1);

        static Tensor Turned(OnnxValue weights) => weights.Dims is [var first, var second, var third]
            ? weights.Ordered([[first], [second], [third]], [0, 2, 1], new Shape(first, third, second))
            : throw new CheckpointException($"its weights have the extents ({string.Join(", ", weights.Dims)})");

        // Zeros without it. Those of a file are no weights: nobody trained them.
        Tensor First(int index, int way) => call.Optional(index) switch
        {
            null => Tensor.Constant(0f).BroadcastTo(state),
            OnnxStored { Weight: { Parameter: null, Source.Values: { } values } } when values.All(value => value == 0) =>
                Tensor.Constant(0f).BroadcastTo(state),
            { } value => Of(value.Plain(), way).Reshape(-1, hidden).BroadcastTo(state),
        };
    }
}
