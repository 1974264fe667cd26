using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>The operations that people write.</content>
public sealed partial class Tensor
{
    /// <summary>A number where a tensor is wanted: a scalar constant.</summary>
    public static implicit operator Tensor(float value) => Constant(value);

    /// <summary>A number where a tensor is wanted: a scalar constant, rounded to single precision.</summary>
    public static implicit operator Tensor(double value) => Constant((float)value);

    /// <summary>x + y, with broadcasting.</summary>
    public static Tensor operator +(Tensor x, Tensor y) => Map<AddFunction>(x, y);

    /// <summary>x − y, with broadcasting.</summary>
    public static Tensor operator -(Tensor x, Tensor y) => Map<SubtractFunction>(x, y);

    /// <summary>x · y element by element, with broadcasting.</summary>
    public static Tensor operator *(Tensor x, Tensor y) => Map<MultiplyFunction>(x, y);

    /// <summary>x / y element by element, with broadcasting.</summary>
    public static Tensor operator /(Tensor x, Tensor y) => Map<DivideFunction>(x, y);

    /// <summary>−x.</summary>
    public static Tensor operator -(Tensor x) => Map<NegateFunction>(x);

    /// <summary>max(0, x); its gradient at 0 is 0.</summary>
    public Tensor Relu() => Map<ReluFunction>(this);

    /// <summary>1/(1 + e⁻ˣ).</summary>
    public Tensor Sigmoid() => Map<SigmoidFunction>(this);

    /// <summary>tanh x.</summary>
    public Tensor Tanh() => Map<TanhFunction>(this);

    /// <summary>eˣ.</summary>
    public Tensor Exp() => Map<ExpFunction>(this);

    /// <summary>ln x.</summary>
    public Tensor Log() => Map<LogFunction>(this);

    /// <summary>√x.</summary>
    public Tensor Sqrt() => Map<SqrtFunction>(this);

    /// <summary>x².</summary>
    public Tensor Square() => Map<SquareFunction>(this);

    /// <summary>|x|; its gradient at 0 is 0.</summary>
    public Tensor Abs() => Map<AbsFunction>(this);

    /// <summary>The larger of x and y element by element, with broadcasting. Where they are equal, y gets the gradient.</summary>
    /// <param name="x">Of any shape.</param>
    /// <param name="y">Of a shape that broadcasts with x's.</param>
    /// <exception cref="ShapeException">The shapes don't broadcast to one.</exception>
    public static Tensor Maximum(Tensor x, Tensor y) => Map<MaximumFunction>(x, y);

    /// <summary>1 where x &lt; y, else 0; its gradient is zero.</summary>
    /// <param name="x">Of any shape.</param>
    /// <param name="y">Of a shape that broadcasts with x's.</param>
    /// <exception cref="ShapeException">The shapes don't broadcast to one.</exception>
    public static Tensor Less(Tensor x, Tensor y) => Map<LessFunction>(x, y);

    /// <summary>The same values as a constant to differentiation: no gradient flows through.</summary>
    public Tensor StopGradient() => Map<StopGradientFunction>(this);

    /// <summary>The elements in another shape; one extent may be −1 and is worked out.</summary>
    /// <param name="extents">The extent of each axis, or −1 for one.</param>
    /// <exception cref="ShapeException">The number of elements differs.</exception>
    public Tensor Reshape(params ReadOnlySpan<int> extents)
    {
        int[] target = extents.ToArray();
        int open = Array.IndexOf(target, -1);
        if (open >= 0)
        {
            long known = 1;
            for (int i = 0; i < target.Length; i++)
            {
                known *= i == open ? 1 : target[i];
            }

            if (known <= 0 || Shape.Count % known != 0)
            {
                throw new ShapeException(
                    $"Reshape: {Shape} can't become ({string.Join(", ", target)}): {Shape.Count} is no multiple of {known}.");
            }

            target[open] = (int)(Shape.Count / known);
        }

        return Reshape(new Shape(target));
    }

    /// <summary>The elements in another shape.</summary>
    /// <param name="shape">The shape.</param>
    /// <exception cref="ShapeException">The number of elements differs.</exception>
    public Tensor Reshape(Shape shape) => shape == Shape ? this : Apply(new Reshape(shape), this);

    /// <summary>Stretched to a shape by broadcasting.</summary>
    /// <param name="shape">The shape.</param>
    /// <exception cref="ShapeException">The shape does not broadcast to it.</exception>
    public Tensor BroadcastTo(Shape shape) => shape == Shape ? this : Apply(FusedMap.BroadcastTo(shape), this);

    /// <summary>Everything but the first axis flattened: (N, H, W, C) → (N, H·W·C).</summary>
    public Tensor Flatten() => Shape.Rank == 2 ? this : Reshape(Shape[0], -1);

    /// <summary>The sum of all elements, a scalar.</summary>
    public Tensor Sum() => Shape.Rank == 0 ? this : Apply(new Reduce(ReduceKind.Sum, Axes.All(Shape.Rank)), this);

    /// <summary>The sum over some axes; negative axes count from the last.</summary>
    /// <param name="axes">The axes; negative ones count from the last.</param>
    /// <param name="keepDimensions">Whether these axes stay, with one element each.</param>
    /// <exception cref="ShapeException">An axis is none of the tensor's.</exception>
    public Tensor Sum(int[] axes, bool keepDimensions = false) =>
        Apply(new Reduce(ReduceKind.Sum, AxesOf(axes), keepDimensions), this);

    /// <summary>
    /// The maximum over some axes. Where several elements are it, they share the gradient evenly, as in PyTorch's <c>amax</c>.
    /// </summary>
    /// <param name="axes">The axes; negative ones count from the last.</param>
    /// <param name="keepDimensions">Whether these axes stay, with one element each.</param>
    /// <exception cref="ShapeException">An axis is none of the tensor's.</exception>
    public Tensor Max(int[] axes, bool keepDimensions = false) =>
        Apply(new Reduce(ReduceKind.Max, AxesOf(axes), keepDimensions), this);

    /// <summary>The mean of all elements, a scalar.</summary>
    public Tensor Mean() => Sum() * (1f / Shape.Count);

    /// <summary>The mean over some axes.</summary>
    /// <param name="axes">The axes; negative ones count from the last.</param>
    /// <param name="keepDimensions">Whether these axes stay, with one element each.</param>
    /// <exception cref="ShapeException">An axis is none of the tensor's.</exception>
    public Tensor Mean(int[] axes, bool keepDimensions = false)
    {
        Tensor sum = Sum(axes, keepDimensions);
        return sum * ((float)sum.Shape.Count / Shape.Count);
    }

    /// <summary>
    /// The variance over some axes, divided by the number of elements: the mean of (x − m)², m being <paramref name="mean"/>.
    /// </summary>
    /// <param name="mean">The mean over these axes: nothing else, as the gradient counts on it.</param>
    /// <param name="axes">The axes.</param>
    public Tensor Variance(Tensor mean, int[] axes)
    {
        Tensor sum = Apply(new SquaredDeviations(AxesOf(axes)), this, mean);
        return sum * ((float)sum.Shape.Count / Shape.Count);
    }

    /// <summary>
    /// The matrix product (M, K) · (K, N) → (M, N). With more axes the last two are matrices and the others count them, with
    /// broadcasting: (…, M, K) · (…, K, N) → (…, M, N).
    /// </summary>
    /// <param name="a">(…, M, K).</param>
    /// <param name="b">(…, K, N).</param>
    /// <exception cref="ShapeException">The inner extents differ, or the outer ones don't broadcast; names both
    /// shapes.</exception>
    public static Tensor MatMul(Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Shape.Rank <= 2 && b.Shape.Rank <= 2)
        {
            return Apply(new MatMul(), a, b);
        }

        if (a.Shape.Rank < 2 || b.Shape.Rank < 2 || a.Shape[-1] != b.Shape[-2])
        {
            throw new ShapeException(
                $"MatMul: shapes {a.Shape} and {b.Shape} do not fit: the last axis of one must be the last but one of the " +
                    $"other.");
        }

        if (b.Shape.Rank == 2)
        {
            // One matrix for all rows: a single product.
            return MatMul(a.Reshape(-1, a.Shape[-1]), b).Reshape(new Shape([.. a.Shape.AsSpan()[..^1], b.Shape[-1]]));
        }

        Shape outer = Shape.Broadcast(
            new Shape(a.Shape.AsSpan()[..^2]), new Shape(b.Shape.AsSpan()[..^2]), "MatMul of stacked matrices");
        return Apply(new BatchMatMul(), Stacked(a), Stacked(b)).Reshape(
            new Shape([.. outer.AsSpan(), a.Shape[-2], b.Shape[-1]]));

        Tensor Stacked(Tensor x) => x.BroadcastTo(new Shape([.. outer.AsSpan(), x.Shape[-2], x.Shape[-1]])).Reshape(
            -1, x.Shape[-2], x.Shape[-1]);
    }

    /// <summary>The transpose of a matrix; <see cref="Permute"/> and <see cref="SwapAxes"/> take any axes.</summary>
    public Tensor Transpose() => Apply(new Transpose(), this);

    /// <summary>
    /// The maximum of each window of images (N, H, W, C). Ties go to the first position, as in PyTorch; where a bias or a ReLU
    /// in front, which nothing else reads, rounded different numbers to a tie, to the larger of them.
    /// </summary>
    /// <param name="kernelSize">Height and width of a window.</param>
    /// <param name="stride">How far a window goes on; its own size unless given.</param>
    /// <param name="padding">Pixels on each side, 0 or more.</param>
    /// <exception cref="ShapeException">These are no images, or a window is larger than the padded image.</exception>
    public Tensor MaxPool2d(int kernelSize, int? stride = null, int padding = 0) =>
        Apply(new PoolSelect(new PoolGeometry(kernelSize, stride ?? kernelSize, padding)), this, this);

    /// <summary>The mean of each window of images (N, H, W, C); padding counts as zeros.</summary>
    /// <param name="kernelSize">Height and width of a window.</param>
    /// <param name="stride">How far a window goes on; its own size unless given.</param>
    /// <param name="padding">Pixels on each side, 0 or more.</param>
    /// <exception cref="ShapeException">These are no images, or a window is larger than the padded image.</exception>
    public Tensor AvgPool2d(int kernelSize, int? stride = null, int padding = 0) =>
        Apply(new AveragePool(new PoolGeometry(kernelSize, stride ?? kernelSize, padding)), this);

    /// <summary>
    /// Images (N, H, W, C) averaged to a height and width: pixel i of OH is the mean of the rows from ⌊i·H/OH⌋ to below
    /// ⌈(i + 1)·H/OH⌉, as in PyTorch.
    /// </summary>
    /// <param name="height">OH.</param>
    /// <param name="width">OW.</param>
    /// <exception cref="ShapeException">These are no images.</exception>
    public Tensor AdaptiveAvgPool2d(int height, int width)
    {
        if (Shape.Rank != 4)
        {
            throw new ShapeException($"AdaptiveAvgPool2d takes images (N, H, W, C), not {Shape}.");
        }

        if (Shape[1] % height == 0 && Shape[2] % width == 0)
        {
            int rows = Shape[1] / height, columns = Shape[2] / width;
            return (height, width) == (1, 1) ? Mean([1, 2], true)
                : Apply(new AveragePool(new PoolGeometry(rows, columns, rows, columns)), this);
        }

        return Averaged(Averaged(this, 1, height), 2, width);

        static Tensor Averaged(Tensor x, int axis, int length)
        {
            int from = x.Shape[axis];
            return from == length ? x : Concatenate(axis, [.. Enumerable.Range(0, length).Select(i => x.Slice(
                axis, (int)((long)i * from / length), (int)((((i + 1L) * from) + length - 1) / length)).Mean([axis], true))]);
        }
    }

    /// <summary>softmax over an axis, the last one where none is given.</summary>
    /// <param name="axis">The axis; negative ones count from the last.</param>
    /// <exception cref="ShapeException">An axis is none of the tensor's.</exception>
    public Tensor Softmax(int axis = -1)
    {
        axis = AxisOf(axis);
        int last = Shape.Rank - 1;
        return axis != last ? SwapAxes(axis, last).Softmax().SwapAxes(axis, last)
            : Shape.Rank == 2 ? Apply(new Softmax(), this)
            : Reshape(-1, Shape[-1]).Softmax().Reshape(Shape);
    }

    /// <summary>ln softmax over an axis, the last one where none is given; stable.</summary>
    /// <param name="axis">The axis; negative ones count from the last.</param>
    /// <exception cref="ShapeException">An axis is none of the tensor's.</exception>
    public Tensor LogSoftmax(int axis = -1)
    {
        Tensor shifted = this - Max([axis], true).StopGradient();
        return shifted - shifted.Exp().Sum([axis], true).Log();
    }

    /// <summary>x[n, index[n]] of (N, C) and (N) → (N).</summary>
    /// <param name="index">(N), whole numbers from 0 to C − 1 as floats.</param>
    /// <exception cref="ShapeException">The shapes don't fit.</exception>
    public Tensor GatherColumn(Tensor index) => Apply(new GatherColumn(), this, index);

    /// <summary>x[index[n]] of (V, C) and (N) → (N, C): rows.</summary>
    /// <param name="index">(N), whole numbers from 0 to V − 1 as floats.</param>
    /// <exception cref="ShapeException">The shapes don't fit.</exception>
    public Tensor GatherRows(Tensor index) => Apply(new GatherRows(), this, index);

    /// <summary>Independent uniforms in [0, 1), another draw for each value of the scalar <paramref name="step"/>.</summary>
    /// <param name="shape">The shape of the result.</param>
    /// <param name="step">A scalar, such as <see cref="TrainingContext.Step"/>.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="stream">Which of the run's random arrays; each has its own.</param>
    public static Tensor RandomUniform(Shape shape, Tensor step, ulong seed, uint stream) =>
        Apply(new RandomUniform(shape, stream, seed), step.Reshape(1));

    /// <summary>The gradients of this scalar with respect to some tensors, as graph: see <see cref="Gradients"/>.</summary>
    /// <param name="of">The tensors; one that the scalar does not depend on gets zeros.</param>
    /// <exception cref="ShapeException">This has more than one element.</exception>
    public Tensor[] Gradient(params IReadOnlyList<Tensor> of) => Gradients.Of(this, of);

    /// <summary>
    /// The sum over the axes along which <paramref name="shape"/> was stretched: the adjoint of <see cref="BroadcastTo"/>.
    /// </summary>
    internal Tensor SumTo(Shape shape)
    {
        if (shape == Shape)
        {
            return this;
        }

        List<int> axes = [];
        int added = Shape.Rank - shape.Rank;
        for (int axis = 0; axis < Shape.Rank; axis++)
        {
            if (axis < added || (shape[axis - added] == 1 && Shape[axis] != 1))
            {
                axes.Add(axis);
            }
        }

        if (axes.Count > 0 && Factored(shape, axes) is { } factored)
        {
            return factored.Reshape(shape);
        }

        // Several gradients want the same sum, such as those of a bias and of a mean.
        if (sumOf is not { } known || known.Shape != shape)
        {
            Tensor summed = axes.Count == 0 ? this : Sum([.. axes], true);
            sumOf = known = summed.Reshape(shape);
        }

        return known;
    }

    /// <summary>
    /// The sum of −x, or of x·c with a c that does not change along the axes, as −Σx or c·Σx: Σx is then the one that others want
    /// too, and a pass less is taken. Null for other tensors.
    /// </summary>
    private Tensor? Factored(Shape shape, List<int> axes)
    {
        if (Operation is not FusedMap { Target: null, Expression.Function: { } function })
        {
            return null;
        }

        if (function == typeof(NegateFunction))
        {
            return -Inputs[0].SumTo(shape);
        }

        if (function == typeof(MultiplyFunction))
        {
            for (int i = 0; i < 2; i++)
            {
                Tensor whole = Inputs[i], factor = Inputs[1 - i];
                if (whole.Shape == Shape && axes.TrueForAll(
                    axis => Shape.Rank - axis > factor.Shape.Rank || factor.Shape[axis - Shape.Rank] == 1))
                {
                    return whole.SumTo(shape) * factor;
                }
            }
        }

        return null;
    }

    private Axes AxesOf(int[] axes) => new(Array.ConvertAll(axes, AxisOf));
}
