using PacGen.Core.Text;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>Einstein's sums.</content>
internal static partial class OnnxOperators
{
    /// <summary>
    /// Sums of products as an equation says it, such as bhqd,bhkd->bhqk: two operands at a time, each step a matrix product, or
    /// a batch of them. Axes that only one operand has and no later step needs are summed first.
    /// </summary>
    private static OnnxTensor Einsum(OnnxCall call)
    {
        string equation = call.Node.Word("equation", "").Replace(" ", "", StringComparison.Ordinal);
        string[] sides = equation.Split("->");
        string[] operands = sides[0].Split(',');
        int[][] dims = [.. All(call).Select(value => value.Dims)];
        if (sides.Length > 2 || operands.Length != dims.Length
            || equation.Replace("->", "", StringComparison.Ordinal).Replace("...", "", StringComparison.Ordinal).Any(
                letter => letter != ',' && !char.IsAsciiLetter(letter)))
        {
            throw Unsupported("is no equation for its inputs");
        }

        // The axes that an ellipsis stands for are digits, counted from the last.
        string[] terms = [.. operands.Zip(dims, (term, extents) => Spelt(term, extents.Length))];
        string longest = terms.Select(term => string.Concat(term.Where(letter => letter < 'A'))).MaxBy(part => part.Length)!;
        string result = sides.Length == 2 ? sides[1].Replace("...", longest, StringComparison.Ordinal)
            : longest + string.Concat(sides[0].Where(char.IsAsciiLetter).CountBy(letter => letter).Where(
                pair => pair.Value == 1).Select(pair => pair.Key).Order());
        if (terms.Append(result).Any(term => term.Distinct().Count() != term.Length)
            || result.Except(terms.SelectMany(term => term)).Any())
        {
            throw Unsupported("has a letter twice in a term, or one in the result that no input has");
        }

        string left = terms[0];
        Tensor x = call[0].Plain();
        for (int i = 1; i < terms.Length; i++)
        {
            string later = string.Concat(terms[(i + 1)..]) + result;
            (x, left) = Contracted(x, left, call[i].Plain(), terms[i], later);
        }

        (x, left) = Summed(x, left, result);
        x = OnnxAxes.Permuted(x, [.. result.Select(letter => left.IndexOf(letter))]);
        return new OnnxTensor(x, x.Shape.AsSpan().ToArray());

        CheckpointException Unsupported(string why) => new($"'{Printable.Name(equation)}' {why}, which is not supported");

        string Spelt(string term, int rank)
        {
            int letters = term.Replace("...", "", StringComparison.Ordinal).Length, more = rank - letters;
            return more < 0 || (more > 0 && !term.Contains("...", StringComparison.Ordinal)) || more > 9
                ? throw Unsupported("is no equation for its inputs")
                : term.Replace(
                    "...", string.Concat(Enumerable.Range(0, more).Select(i => (char)('0' + more - 1 - i))),
                    StringComparison.Ordinal);
        }
    }

    /// <summary>Sums over the axes that no later step needs.</summary>
    private static (Tensor X, string Letters) Summed(Tensor x, string letters, string wanted)
    {
        int[] axes = [.. letters.Index().Where(one => !wanted.Contains(one.Item)).Select(one => one.Index)];
        return axes.Length == 0 ? (x, letters) : (x.Sum(axes), string.Concat(letters.Where(letter => wanted.Contains(letter))));
    }

    /// <summary>The sum over the axes that two operands share and no later step needs.</summary>
    private static (Tensor X, string Letters) Contracted(Tensor a, string ofA, Tensor b, string ofB, string later)
    {
        (a, ofA) = Summed(a, ofA, later + ofB);
        (b, ofB) = Summed(b, ofB, later + ofA);
        string batch = string.Concat(ofA.Where(letter => ofB.Contains(letter) && later.Contains(letter)));
        string shared = string.Concat(ofA.Where(letter => ofB.Contains(letter) && !later.Contains(letter)));
        string rows = string.Concat(ofA.Except(ofB)), columns = string.Concat(ofB.Except(ofA));

        // An extent of 1 broadcasts, as an ellipsis allows.
        Dictionary<char, int> extents = [];
        foreach ((char letter, int extent) in ofA.Select((letter, i) => (letter, a.Shape[i])).Concat(
            ofB.Select((letter, i) => (letter, b.Shape[i]))))
        {
            extents[letter] = Math.Max(extent, extents.GetValueOrDefault(letter));
        }

        Tensor product = batch.Length == 0
            ? Tensor.MatMul(Grouped(a, ofA, rows, shared), Grouped(b, ofB, shared, columns))
            : Tensor.MatMul(Grouped(a, ofA, batch, rows, shared), Grouped(b, ofB, batch, shared, columns));
        string letters = batch + rows + columns;
        return (product.Reshape(new Shape([.. letters.Select(letter => extents[letter])])), letters);

        Tensor Grouped(Tensor x, string letters, params string[] groups)
        {
            string order = string.Concat(groups);
            x = OnnxAxes.Permuted(x, [.. order.Select(letter => letters.IndexOf(letter))]);
            return x.BroadcastTo(new Shape([.. order.Select(letter => extents[letter])])).Reshape(
                new Shape([.. groups.Select(group => group.Aggregate(1, (count, letter) => checked(count * extents[letter])))]));
        }
    }
}
