using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Finds the weights that see a flattened image, by following an example's graph: a reshape of (N, H, W, C) to (N, H·W·C) orders
/// features by (height, width, channel), where PyTorch has (channel, height, width). Whatever meets these features element by
/// element, or multiplies them, is in the same order: the rows of a linear layer, and the vectors of a batch norm between.
/// </summary>
internal sealed class FlattenedImages
{
    private readonly Dictionary<Tensor, (int Axis, Image Image)> flattened = [];
    private readonly HashSet<Tensor> ofExample = [], ofLayers = [];

    /// <summary>Four axes that are no image: a layer's features cut into heads or groups, and axes that were moved.</summary>
    private readonly HashSet<Tensor> noImages = [];
    private readonly Dictionary<string, (int Axis, Image Image)> found = [];

    private FlattenedImages()
    {
    }

    /// <summary>The arrays of a model that see a flattened image, by name, and that image.</summary>
    /// <param name="module">The model.</param>
    /// <param name="example">The shape of one example.</param>
    /// <exception cref="NotSupportedException">A flattened image can't be followed to the weights.</exception>
    public static Dictionary<string, (int Channels, int Height, int Width)> Of(Module module, Shape example)
    {
        // The names of parameters are given where they are listed.
        _ = (module.Parameters, module.State);
        Tensor input = Tensor.Input(new Shape([2, .. example.AsSpan()]), "example");
        FlattenedImages search = new();
        search.ofExample.Add(input);
        Tensor output = module.Evaluated(input);
        foreach (Tensor node in Gradients.Ordered(output))
        {
            search.Follow(node);
        }

        if (output.Shape.Rank == 4 && search.noImages.Contains(output))
        {
            throw Lost(output);
        }

        return search.found.ToDictionary(
            pair => pair.Key, pair => (pair.Value.Image.Channels, pair.Value.Image.Height, pair.Value.Image.Width));
    }

    private void Follow(Tensor node)
    {
        if (!node.Inputs.Any(ofExample.Contains))
        {
            return;
        }

        ofExample.Add(node);
        if (node.Operation is MatMul or Conv2dForward or DepthwiseConv2d || node.Inputs.Any(ofLayers.Contains))
        {
            ofLayers.Add(node);
        }

        if (node.Inputs.Any(noImages.Contains) && node.Operation is Conv2dForward or DepthwiseConv2d or PoolOperation)
        {
            // PyTorch's features have another order in what an image is made of here.
            throw Lost(node);
        }

        switch (node.Operation)
        {
            case FusedMap when node.Inputs.Any(noImages.Contains):
                noImages.Add(node);
                FollowMap(node);
                break;
            case Permute when !flattened.ContainsKey(node.Inputs[0])
                && (node.Shape.Rank != 4 || !IsImage(node.Inputs[0].Shape) || noImages.Contains(node.Inputs[0])
                    || node.Inputs[0] is { Operation: Reshape, Inputs: [{ Shape.Rank: not 4 }] }):
                noImages.Add(node);
                break;
            case Reshape:
                FollowReshape(node, node.Inputs[0]);
                break;
            case MatMul product:
                FollowProduct(node, product);
                break;
            case FusedMap:
                FollowMap(node);
                break;
            case Transpose when flattened.TryGetValue(node.Inputs[0], out var at):
                flattened[node] = (1 - at.Axis, at.Image);
                break;
            case Softmax when flattened.TryGetValue(node.Inputs[0], out var at):
                flattened[node] = at;
                break;
            case Reduce reduce when flattened.TryGetValue(node.Inputs[0], out var at):
                if (!reduce.Axes.Contains(at.Axis))
                {
                    int gone = reduce.KeepDims ? 0 : Enumerable.Range(0, at.Axis).Count(reduce.Axes.Contains);
                    flattened[node] = (at.Axis - gone, at.Image);
                }

                break;
            default:
                if (node.Inputs.Any(flattened.ContainsKey) || node.Operation is Permute)
                {
                    throw Lost(node);
                }

                break;
        }
    }

    private void FollowReshape(Tensor node, Tensor source)
    {
        List<(int[] From, int[] To)> groups = Groups(source.Shape, node.Shape);
        if (flattened.TryGetValue(source, out var at))
        {
            (int[] from, int[] to) = groups.First(group => group.From.Contains(at.Axis));
            if (from.Count(axis => source.Shape[axis] > 1) == 1 && to.Count(axis => node.Shape[axis] > 1) == 1)
            {
                flattened[node] = (to.First(axis => node.Shape[axis] > 1), at.Image);
            }
            else if (node.Shape.Rank != 4 || (node.Shape[1], node.Shape[2], node.Shape[3]) != (
                at.Image.Height, at.Image.Width, at.Image.Channels))
            {
                throw Lost(node);
            }

            return;
        }

        if (source.Shape.Rank == 4 && IsImage(source.Shape) && !noImages.Contains(source)
            && groups.Find(group => group.From.Contains(3)) is var (
            merged, target)
            && merged.Any(axis => axis < 3 && source.Shape[axis] > 1))
        {
            int[] wide = [.. target.Where(axis => node.Shape[axis] > 1)];
            flattened[node] = wide.Length == 1 && node.Shape[wide[0]] == (long)source.Shape[1] * source.Shape[2] * source.Shape[3]
                ? (wide[0], new Image(source.Shape[3], source.Shape[1], source.Shape[2]))
                : throw Lost(node);
        }
        else if (node.Shape.Rank == 4 && source.Shape.Rank == 4
            && groups.Find(group => group.From.Contains(3)).To.Count(axis => node.Shape[axis] > 1) > 1)
        {
            noImages.Add(node);
        }
        else if (node.Shape.Rank == 4 && source.Shape.Rank != 4 && IsImage(node.Shape) && ofLayers.Contains(source)
            && groups.Find(group => group.To.Contains(3)).To.Any(axis => axis < 3 && node.Shape[axis] > 1))
        {
            // Were a layer's features to become an image, its columns would be in another order there.
            noImages.Add(node);
        }
    }

    private void FollowProduct(Tensor node, MatMul product)
    {
        int[] inner = [product.TransposeA ? 0 : 1, product.TransposeB ? 1 : 0];
        for (int side = 0; side < 2; side++)
        {
            if (!flattened.TryGetValue(node.Inputs[side], out var at))
            {
                continue;
            }

            if (at.Axis == inner[side])
            {
                Require(node.Inputs[1 - side], inner[1 - side], at.Image, node);
            }
            else
            {
                flattened[node] = flattened.ContainsKey(node) ? throw Lost(node) : (side, at.Image);
            }
        }
    }

    private void FollowMap(Tensor node)
    {
        (int Axis, Image Image)? order = null;
        foreach (Tensor input in node.Inputs)
        {
            if (flattened.TryGetValue(input, out var at) && node.Shape.Rank - input.Shape.Rank + at.Axis is var axis)
            {
                order = order is null || order == (axis, at.Image) ? (axis, at.Image) : throw Lost(node);
            }
        }

        if (order is not { } same)
        {
            return;
        }

        flattened[node] = same;
        foreach (Tensor input in node.Inputs)
        {
            int axis = same.Axis - (node.Shape.Rank - input.Shape.Rank);
            if (axis >= 0 && input.Shape[axis] > 1)
            {
                Require(input, axis, same.Image, node);
            }
        }
    }

    /// <summary>Notes that a tensor's axis is in the order of a flattened image, down to the arrays that it is made of.</summary>
    private void Require(Tensor tensor, int axis, Image image, Tensor where)
    {
        if (flattened.TryGetValue(tensor, out var at) && at == (axis, image))
        {
            return;
        }

        if (ofExample.Contains(tensor) || flattened.ContainsKey(tensor))
        {
            throw Lost(where);
        }

        if ((tensor.Parameter?.Name ?? tensor.State?.Name) is { } name)
        {
            if (!found.TryAdd(name, (axis, image)) && found[name] != (axis, image))
            {
                throw Lost(where);
            }

            // Only rows of a matrix and whole vectors are permuted at import.
            if (axis != 0 || tensor.Shape.Rank > 2)
            {
                throw Lost(where);
            }

            return;
        }

        switch (tensor.Operation)
        {
            case null:
                break;
            case FusedMap:
                foreach (Tensor input in tensor.Inputs)
                {
                    int inputAxis = axis - (tensor.Shape.Rank - input.Shape.Rank);
                    if (inputAxis >= 0 && input.Shape[inputAxis] > 1)
                    {
                        Require(input, inputAxis, image, where);
                    }
                }

                break;
            case Transpose:
                Require(tensor.Inputs[0], 1 - axis, image, where);
                break;
            case Reshape:
                (int[] from, int[] to) = Groups(tensor.Inputs[0].Shape, tensor.Shape).First(group => group.To.Contains(axis));
                int[] wide = [.. from.Where(one => tensor.Inputs[0].Shape[one] > 1)];
                if (wide.Length != 1 || to.Count(one => tensor.Shape[one] > 1) != 1)
                {
                    throw Lost(where);
                }

                Require(tensor.Inputs[0], wide[0], image, where);
                break;
            default:
                throw Lost(where);
        }
    }

    private static bool IsImage(Shape shape) => shape[3] > 1 && (shape[1] > 1 || shape[2] > 1);

    /// <summary>Which axes of a reshape become which: the shortest runs of axes with the same product, left to right.</summary>
    private static List<(int[] From, int[] To)> Groups(Shape from, Shape to)
    {
        List<(int[], int[])> groups = [];
        int left = 0, right = 0;
        while (left < from.Rank || right < to.Rank)
        {
            int firstLeft = left, firstRight = right;
            long a = left < from.Rank ? from[left++] : 1, b = right < to.Rank ? to[right++] : 1;
            while (a != b)
            {
                if (a < b)
                {
                    a *= from[left++];
                }
                else
                {
                    b *= to[right++];
                }
            }

            groups.Add(
                ([.. Enumerable.Range(firstLeft, left - firstLeft)], [.. Enumerable.Range(firstRight, right - firstRight)]));
        }

        return groups;
    }

    private static NotSupportedException Lost(Tensor node) => new(
        $"The features of a flattened image can't be followed through {node}: PyTorch orders them by channel, height and " +
            $"width, and here they are "
        + "ordered by height, width and channel. Say with PyTorchLayout.Of(model, flattened) which weights see which flattened " +
            "image; an empty "
        + "dictionary where none does.");

    private readonly record struct Image(int Channels, int Height, int Width);
}
