using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>A convolution of random numbers and its two gradients in double precision.</summary>
internal sealed class ConvolutionReference
{
    private readonly string text;

    /// <param name="geometry">Strides and padding.</param>
    /// <param name="n">Images.</param>
    /// <param name="h">Their rows.</param>
    /// <param name="w">Their columns.</param>
    /// <param name="c">Their channels.</param>
    /// <param name="kh">The kernel's rows.</param>
    /// <param name="kw">The kernel's columns.</param>
    /// <param name="oc">The output's channels.</param>
    /// <param name="seed">Of the numbers.</param>
    /// <param name="mean">What is added to each number of the images.</param>
    public ConvolutionReference(
        Conv2dGeometry geometry, int n, int h, int w, int c, int kh, int kw, int oc, int seed, float mean = 0)
    {
        (int oh, int ow) = geometry.Output(h, w, kh, kw);
        Shape images = new(n, h, w, c), kernel = new(kh, kw, c, oc), result = new(n, oh, ow, oc);
        float[] x = [.. DoubleReference.Random((int)images.Count, seed).Select(value => value + mean)],
            k = DoubleReference.Random((int)kernel.Count, seed + 100);
        float[] dy = DoubleReference.Random((int)result.Count, seed + 200);
        DoubleReference y = new(dy.Length), dx = new(x.Length), dw = new(k.Length);
        for (int image = 0; image < n; image++)
        {
            for (int i = 0; i < oh; i++)
            {
                for (int j = 0; j < ow; j++)
                {
                    for (int p = 0; p < kh; p++)
                    {
                        for (int q = 0; q < kw; q++)
                        {
                            int row = (i * geometry.StrideHeight) - geometry.PaddingHeight + p, column = (
                                j * geometry.StrideWidth) - geometry.PaddingWidth + q;
                            if (row < 0 || row >= h || column < 0 || column >= w)
                            {
                                continue;
                            }

                            for (int channel = 0; channel < c; channel++)
                            {
                                int xAt = (((((image * h) + row) * w) + column) * c) + channel;
                                for (int o = 0; o < oc; o++)
                                {
                                    int yAt = (((((image * oh) + i) * ow) + j) * oc) + o, kAt = (
                                        ((((p * kw) + q) * c) + channel) * oc) + o;
                                    y.Add(yAt, x[xAt], k[kAt]);
                                    dx.Add(xAt, dy[yAt], k[kAt]);
                                    dw.Add(kAt, x[xAt], dy[yAt]);
                                }
                            }
                        }
                    }
                }
            }
        }

        Passes =
        [
            (new Conv2dForward(geometry), [images, kernel], [x, k], y),
            (new Conv2dInputGradient(geometry, h, w), [result, kernel], [dy, k], dx),
            (new Conv2dWeightGradient(geometry, kh, kw), [images, result], [x, dy], dw),
        ];
        text = $"{geometry}, images {images}, weights {kernel}, seed {seed}";
    }

    /// <summary>The operations, what they take, and what they should give.</summary>
    public (Operation Operation, Shape[] Shapes, float[][] Inputs, DoubleReference Expected)[] Passes { get; }

    /// <inheritdoc/>
    public override string ToString() => text;
}
