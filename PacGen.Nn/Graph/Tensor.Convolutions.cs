using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>Convolutions, made of the primitive one.</content>
public sealed partial class Tensor
{
    /// <summary>
    /// The convolution of images (N, H, W, C) with weights (KH, KW, C, OC) → (N, OH, OW, OC), OH = ⌊(H + 2·padding − KH)/stride⌋
    /// + 1.
    /// </summary>
    /// <param name="images">(N, H, W, C).</param>
    /// <param name="weights">(KH, KW, C, OC).</param>
    /// <param name="stride">How far a window goes on, 1 or more.</param>
    /// <param name="padding">Zeros on each side, 0 or more.</param>
    /// <exception cref="ShapeException">The channels differ, or a window is larger than the padded image.</exception>
    public static Tensor Conv2d(Tensor images, Tensor weights, int stride = 1, int padding = 0) =>
        Apply(new Conv2dForward(stride, padding), images, weights);

    /// <summary>
    /// The convolution of images (N, H, W, C) with weights (KH, KW, C/groups, OC), whose taps are <paramref name="dilation"/>
    /// pixels apart: output channels o·OC/groups … see the input channels of the same group alone. (N, OH, OW, OC), OH = ⌊(H +
    /// 2·padding − dilation·(KH − 1) − 1)/stride⌋ + 1.
    /// </summary>
    /// <param name="images">The images.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="geometry">Strides and paddings.</param>
    /// <param name="dilation">The distance of taps each way, at least 1; 1 without it.</param>
    /// <param name="groups">The groups; C and OC are multiples.</param>
    /// <exception cref="ShapeException">The shapes don't fit.</exception>
    public static Tensor Conv2d(
        Tensor images, Tensor weights, Conv2dGeometry geometry, (int Height, int Width)? dilation = null, int groups = 1)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(weights);
        if (groups > 1)
        {
            RequireGroups(images, weights, groups, images.Shape.Rank == 4 ? images.Shape[3] : 0, weights.Shape[-1]);
            if (groups == images.Shape[3])
            {
                return Depthwise(images, weights, new DepthwiseGeometry(geometry, dilation?.Height ?? 1, dilation?.Width ?? 1));
            }
        }

        Tensor taps = Dilated(weights, dilation ?? (1, 1));
        if (groups == 1)
        {
            return Apply(new Conv2dForward(geometry), images, taps);
        }

        return InGroups(images, taps, groups, (part, kernel) => Apply(new Conv2dForward(geometry), part, kernel));
    }

    /// <summary>
    /// The transposed convolution of images (N, H, W, C) with weights (KH, KW, OC/groups, C): the adjoint of the convolution of
    /// (N, OH, OW, OC) with the same weights. OH = (H − 1)·stride − 2·padding + dilation·(KH − 1) + 1 + outputPadding.
    /// </summary>
    /// <param name="images">The images.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="geometry">Strides and paddings.</param>
    /// <param name="outputPadding">Rows and columns more than the least that a strided convolution makes H and W of.</param>
    /// <param name="dilation">The distance of taps each way, at least 1; 1 without it.</param>
    /// <param name="groups">The groups; C and OC are multiples.</param>
    /// <exception cref="ShapeException">The shapes don't fit.</exception>
    public static Tensor ConvTranspose2d(
        Tensor images, Tensor weights, Conv2dGeometry geometry, (int Height, int Width) outputPadding = default,
        (int Height, int Width)? dilation = null, int groups = 1)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(weights);
        if (images.Shape.Rank != 4 || weights.Shape.Rank != 4)
        {
            throw new ShapeException(
                $"ConvTranspose2d: images {images.Shape} and weights {weights.Shape} must both have 4 axes, (N, H, W, C) and " +
                $"(KH, KW, OC, C).");
        }

        Tensor taps = Dilated(weights, dilation ?? (1, 1));
        int height = ((images.Shape[1] - 1) * geometry.StrideHeight) - (2 * geometry.PaddingHeight) + taps.Shape[0]
            + outputPadding.Height;
        int width = ((images.Shape[2] - 1) * geometry.StrideWidth) - (2 * geometry.PaddingWidth) + taps.Shape[1]
            + outputPadding.Width;
        Conv2dInputGradient adjoint = new(geometry, height, width);
        if (groups == 1)
        {
            return Apply(adjoint, images, taps);
        }

        RequireGroups(images, weights, groups, images.Shape[3], (int)((long)weights.Shape[2] * groups));
        return InGroups(images, taps, groups, (part, kernel) => Apply(adjoint, part, kernel));
    }

    /// <summary>
    /// The gradient of a depthwise convolution with respect to its images: that of the output's gradient, spread by the strides
    /// and with zeros around, with the weights turned round.
    /// </summary>
    internal static Tensor DepthwiseInputGradient(DepthwiseGeometry geometry, Shape images, Tensor gradient, Tensor weights)
    {
        (Conv2dGeometry windows, int dilationHeight, int dilationWidth) = geometry;
        int above = ((weights.Shape[0] - 1) * dilationHeight) - windows.PaddingHeight;
        int left = ((weights.Shape[1] - 1) * dilationWidth) - windows.PaddingWidth;
        Conv2dGeometry back = new(1, 1, Math.Max(0, above), Math.Max(0, left));
        if ((windows.StrideHeight, windows.StrideWidth) != (1, 1) || above < 0 || left < 0)
        {
            back = new Conv2dGeometry(1, 0);
            gradient = Apply(
                new Slice(
                    new Shape(
                        images[0], images[1] + ((weights.Shape[0] - 1) * dilationHeight),
                        images[2] + ((weights.Shape[1] - 1) * dilationWidth), images[3]),
                    new AxisValues(0, -above, -left, 0), AxisValues.Of(4, 1),
                    new AxisValues(1, windows.StrideHeight, windows.StrideWidth, 1)),
                gradient);
        }

        return Apply(
            new DepthwiseConv2d(new DepthwiseGeometry(back, dilationHeight, dilationWidth)), gradient,
            weights.Flip(0).Flip(1));
    }

    /// <summary>Each channel on its own; several outputs of a channel are those of as many copies of it.</summary>
    private static Tensor Depthwise(Tensor images, Tensor weights, DepthwiseGeometry geometry)
    {
        int times = weights.Shape[3] / images.Shape[3];
        if (times > 1)
        {
            (int n, int h, int w, int c) = (images.Shape[0], images.Shape[1], images.Shape[2], images.Shape[3]);
            images = images.Reshape(n * h * w, c, 1).BroadcastTo(new Shape(n * h * w, c, times)).Reshape(n, h, w, c * times);
        }

        return Apply(new DepthwiseConv2d(geometry), images, weights);
    }

    /// <summary>
    /// Convolves groups of channels. Of narrow groups several are one convolution, with zeros between one's inputs and another's
    /// outputs: a kernel runs along channels, and a few of them leave most of a vector idle.
    /// </summary>
    /// <param name="images">(N, H, W, groups·a).</param>
    /// <param name="taps">(KH, KW, b, groups·c), b and c being a group's channels.</param>
    /// <param name="groups">The groups.</param>
    /// <param name="convolve">Convolves a part of the channels with its weights.</param>
    private static Tensor InGroups(Tensor images, Tensor taps, int groups, Func<Tensor, Tensor, Tensor> convolve)
    {
        const int Enough = 16;
        int width = taps.Shape[2], last = taps.Shape[3], channels = Math.Max(width, last / groups), together = 1;
        while (together * channels < Enough && together < groups)
        {
            together++;
            while (groups % together != 0)
            {
                together++;
            }
        }

        if (together > 1)
        {
            // Row block j of a convolution keeps the columns of its j-th group.
            float[] kept = new float[together * last];
            for (int column = 0; column < last; column++)
            {
                kept[(column / (last / groups) % together * last) + column] = 1;
            }

            taps = (taps.Reshape(taps.Shape[0], taps.Shape[1], 1, width, last)
                * Constant(new Shape(together, 1, last), kept)).Reshape(taps.Shape[0], taps.Shape[1], together * width, last);
        }

        int parts = groups / together;
        return Concatenate(-1, [.. images.Split(-1, parts).Zip(taps.Split(-1, parts), convolve)]);
    }

    /// <summary>Weights with zeros between their taps.</summary>
    private static Tensor Dilated(Tensor weights, (int Height, int Width) dilation) =>
        weights.Shape.Rank != 4 ? weights : weights.Spread(0, dilation.Height).Spread(1, dilation.Width);

    private static void RequireGroups(Tensor images, Tensor weights, int groups, int inputs, int outputs)
    {
        if (groups < 1 || weights.Shape.Rank != 4 || inputs % groups != 0 || outputs % groups != 0)
        {
            throw new ShapeException(
                $"A convolution of images {images.Shape} with weights {weights.Shape} can't be done in {groups} equal groups.");
        }
    }
}
