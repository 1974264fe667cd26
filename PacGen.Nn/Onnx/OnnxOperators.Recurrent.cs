using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>LSTM, GRU and RNN, unrolled over the length of the sequences.</content>
internal static partial class OnnxOperators
{
    /// <summary>Long short-term memory; the gates are i, o, f and g.</summary>
    private static OnnxValue[] LongShortTermMemory(OnnxCall call)
    {
        if (call.Optional(7) is not null || call.Node.Integer("input_forget", 0) != 0)
        {
            throw new CheckpointException("peepholes (P) and coupled gates (input_forget) are not supported");
        }

        return Unrolled(call, 4, ["Sigmoid", "Tanh", "Tanh"], Step);

        static Tensor Step(Tensor ofInput, Tensor? ofState, Tensor? h, ref Tensor? memory)
        {
            Tensor[] gates = (ofState is null ? ofInput : ofInput + ofState).Split(1, 4);
            return Lstm.Next(gates[0], gates[2], gates[3], gates[1], ref memory);
        }
    }

    /// <summary>Gated units; the gates are z, r and n.</summary>
    private static OnnxValue[] GatedUnits(OnnxCall call)
    {
        if (call.Node.Integer("linear_before_reset", 0) == 0)
        {
            throw new CheckpointException("linear_before_reset is 0, and only 1 is supported, as PyTorch writes it");
        }

        return Unrolled(call, 3, ["Sigmoid", "Tanh"], Step);

        static Tensor Step(Tensor ofInput, Tensor? ofState, Tensor? h, ref Tensor? memory) =>
            Gru.Next(Ordered(ofInput), ofState is null ? null : Ordered(ofState), h);

        static Tensor[] Ordered(Tensor gates) => gates.Split(1, 3) is [var z, var r, var n] ? [r, z, n] : [];
    }

    /// <summary>h ← tanh of the sum, or its ReLU.</summary>
    private static OnnxValue[] SimpleUnits(OnnxCall call)
    {
        bool relu = call.Node.Words("activations") is [var first, ..] && IsSame(first, "Relu");
        return Unrolled(call, 1, [relu ? "Relu" : "Tanh"], Step);

        Tensor Step(Tensor ofInput, Tensor? ofState, Tensor? h, ref Tensor? memory)
        {
            Tensor sum = ofState is null ? ofInput : ofInput + ofState;
            return relu ? sum.Relu() : sum.Tanh();
        }
    }

    /// <summary>All h (T, directions, N, hidden), the last ones (directions, N, hidden), and an LSTM's last c.</summary>
    private static OnnxValue[] Unrolled(OnnxCall call, int gates, string[] activations, Recurrent.UnitStep step)
    {
        OnnxNode node = call.Node;
        string[] ways = node.Word("direction", "forward") switch
        {
            "forward" => ["forward"],
            "reverse" => ["reverse"],
            "bidirectional" => ["forward", "reverse"],
            _ => throw node.Wrong("direction"),
        };
        string[] known = [.. ways.SelectMany(_ => activations)];
        if (node.Words("activations") is { } stated && !(stated.Count == known.Length && stated.Zip(known).All(
            pair => IsSame(pair.First, pair.Second))))
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

        int[] x = call[0].Dims, w = call[1].Dims, r = call[2].Dims;
        if (x is not [var length, var count, var inputs] || w is not [_, var rows, _] || rows % gates != 0)
        {
            throw new CheckpointException(
                $"X has the extents ({string.Join(", ", x)}) and W ({string.Join(", ", w)}), where (T, N, inputs) and " +
                    $"(directions, {gates}·hidden, inputs) are needed");
        }

        int hidden = rows / gates;
        OnnxValue? biases = call.Optional(3);
        if (!w.AsSpan().SequenceEqual([ways.Length, rows, inputs]) || !r.AsSpan().SequenceEqual([ways.Length, rows, hidden])
            || biases?.Dims.AsSpan().SequenceEqual([ways.Length, 2 * rows]) == false
            || node.Integer("hidden_size", hidden) != hidden)
        {
            throw new CheckpointException(
                $"W, R and B have the extents ({string.Join(", ", w)}), ({string.Join(", ", r)}) and " +
                    $"({string.Join(", ", biases?.Dims ?? [])}), which don't fit each other, {ways.Length} directions, " +
                    $"{inputs} inputs and hidden_size");
        }

        if (call.Optional(4) is { } lengths && !(lengths is OnnxKnown && call.Known(4)!.Integers.All(one => one == length)))
        {
            throw new CheckpointException("sequences of different lengths (sequence_lens) are not supported");
        }

        call.Network.CountUnrolled((long)length * ways.Length);

        // Weights are stored as products take them.
        Tensor rowsOfX = call[0].Plain().Reshape(length * count, inputs);
        Tensor ofInputs = call[1].Ordered([[ways.Length], [rows], [inputs]], [0, 2, 1], new Shape(ways.Length, inputs, rows));
        Tensor ofStates = call[2].Ordered([[ways.Length], [rows], [hidden]], [0, 2, 1], new Shape(ways.Length, hidden, rows));
        Tensor? both = biases?.Plain().Reshape(ways.Length, 2, rows);
        List<Tensor> outputs = [], last = [], lastMemory = [];
        foreach ((int way, string direction) in ways.Index())
        {
            Tensor products = Tensor.MatMul(rowsOfX, Of(ofInputs, way).Reshape(inputs, rows));
            Tensor recurrent = Of(ofStates, way).Reshape(hidden, rows);
            Tensor? bias = both is null ? null : Of(both, way).Slice(1, 1, 2).Reshape(rows);
            products = both is null ? products : products + Of(both, way).Slice(1, 0, 1).Reshape(rows);
            Tensor[] steps = Array.ConvertAll(
                products.Reshape(length, count, rows).Split(0, length), one => one.Reshape(count, rows));
            Tensor? memory = First(6, way);
            bool backwards = direction == "reverse";
            Tensor[] made = Recurrent.Unrolled(steps, recurrent, bias, First(5, way), ref memory, backwards, step);
            outputs.Add(Tensor.Stack(0, made));
            last.Add(backwards ? made[0] : made[^1]);
            lastMemory.Add(memory ?? last[^1]);
        }

        return [
            new OnnxTensor(Tensor.Stack(1, [.. outputs]), [length, ways.Length, count, hidden]),
            new OnnxTensor(Tensor.Stack(0, [.. last]), [ways.Length, count, hidden]),
            new OnnxTensor(Tensor.Stack(0, [.. lastMemory]), [ways.Length, count, hidden])];

        static Tensor Of(Tensor all, int way) => all.Slice(0, way, way + 1);

        // Zeros of whatever batch the file was written with are none.
        Tensor? First(int index, int way) => call.Optional(index) switch
        {
            null => null,
            OnnxKnown { Array: var array } when array.Values.All(value => value == 0) => null,
            { } value => Of(value.Plain(), way).Reshape(-1, hidden).BroadcastTo(new Shape(count, hidden)),
        };
    }

    private static bool IsSame(string name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
