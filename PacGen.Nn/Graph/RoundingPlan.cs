using PacGen.Kernels;
using Computed = System.Collections.Generic.Dictionary<
    PacGen.Nn.Tensor, (PacGen.Kernels.Operation Operation, System.Collections.Immutable.ImmutableArray<PacGen.Nn.Tensor> Inputs)>;

namespace PacGen.Nn;

/// <summary>
/// Products in bfloat16. Where the device's kernel does not round what it reads, a map does before: one for all products that
/// read the tensor, which joins the map that makes it where nothing else reads that. Such maps stand too before products that
/// read pairs of bfloat16 from memory: all that can, but those of which <see cref="PairPlan"/> finds that a factor is not stored
/// so.
/// </summary>
internal sealed class RoundingPlan
{
    private readonly IReadOnlyList<Tensor> order;
    private readonly Device device;
    private readonly Func<Tensor, Tensor> source;

    /// <summary>The products that may read pairs.</summary>
    private readonly HashSet<Tensor> readers;

    private readonly Dictionary<Tensor, Tensor> rounded = [];
    private readonly HashSet<Tensor> pairs = [];

    /// <param name="order">The tensors, each behind those that it needs.</param>
    /// <param name="device">Where they are computed.</param>
    /// <param name="source">The tensor whose memory a tensor shows.</param>
    public RoundingPlan(IReadOnlyList<Tensor> order, Device device, Func<Tensor, Tensor> source)
    {
        (this.order, this.device, this.source) = (order, device, source);
        readers = [.. order.Where(MayReadPairs)];
    }

    /// <summary>The rounded tensors that products are to read as pairs.</summary>
    public IReadOnlySet<Tensor> Pairs => pairs;

    /// <summary>The tensors with those that are rounded, each behind those that it needs.</summary>
    /// <param name="computed">Takes the products, with what they read.</param>
    public List<Tensor> Round(Computed computed)
    {
        rounded.Clear();
        pairs.Clear();
        List<Tensor> all = [];
        foreach (Tensor node in order)
        {
            if (node.Operation is { IsProduct: true } product)
            {
                Operation? rounding = product.InBFloat16(device);
                bool reads = readers.Contains(node);
                computed[node] = (rounding ?? product, [.. node.Inputs.Select(
                    (input, i) => rounding is null || (reads && i < 2) ? Rounded(input) : input)]);
                if (reads)
                {
                    pairs.UnionWith(node.Inputs.Take(2).Select(input => source(Rounded(input))));
                }
            }

            all.Add(node);
        }

        return all;

        Tensor Rounded(Tensor tensor)
        {
            if (!rounded.TryGetValue(tensor, out Tensor? made))
            {
                made = tensor.Operation is Reshape reshape ? Tensor.Apply(reshape, Rounded(tensor.Inputs[0]))
                    : Tensor.Map<BFloat16Function>(tensor);
                rounded[tensor] = made;
                all.Add(made);
            }

            return made;
        }
    }

    /// <summary>
    /// Leaves the products to their own rounding of which a factor is not stored as pairs; false where there are none.
    /// </summary>
    /// <param name="stored">The rounded tensors that are.</param>
    public bool Refuse(IReadOnlySet<Tensor> stored) =>
        readers.RemoveWhere(product => !product.Inputs.Take(2).All(input => stored.Contains(source(rounded[input])))) > 0;

    private bool MayReadPairs(Tensor node) => node.Operation is { IsProduct: true } product
        && product.InBFloat16(device)?.ReadingPairs(device, [.. node.Inputs.Take(2).Select(input => input.Shape)]) is not null
        && node.Inputs.Take(2).All(input => PairMap.Takes(source(input).Shape));
}
