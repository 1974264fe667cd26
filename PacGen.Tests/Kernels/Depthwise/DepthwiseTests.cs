using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class DepthwiseTests(string id) : DeviceFixture(id)
{
    private const ulong Seed = 41;

    // Strides, paddings and distances of taps; images; taps.
    [TestCase(1, 1, 1, 1, 1, 1, 2, 6, 7, 5, 3, 3)]
    [TestCase(1, 1, 1, 1, 1, 1, 1, 9, 12, 67, 3, 3)]
    [TestCase(2, 1, 0, 2, 1, 1, 2, 7, 9, 8, 3, 5)]
    [TestCase(2, 3, 2, 1, 1, 2, 1, 8, 11, 17, 5, 2)]
    [TestCase(1, 1, 3, 4, 3, 2, 2, 5, 6, 16, 3, 4)]
    [TestCase(1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1)]
    [TestCase(1, 1, 4, 4, 1, 1, 1, 2, 1, 3, 3, 3)]
    [TestCase(1, 1, 1, 1, 1, 1, 3, 33, 4, 64, 3, 3)]
    public void FollowsTheReference(
        int strideHeight, int strideWidth, int paddingHeight, int paddingWidth, int dilationHeight, int dilationWidth, int n,
        int h, int w, int c, int kh, int kw)
    {
        DepthwiseGeometry geometry = new(
            new Conv2dGeometry(strideHeight, strideWidth, paddingHeight, paddingWidth), dilationHeight, dilationWidth);
        (int oh, int ow) = geometry.Output(h, w, kh, kw);
        Shape images = new(n, h, w, c), kernel = new(kh, kw, 1, c), result = new(n, oh, ow, c);
        float[] x = KernelRun.Random(images, Seed), k = KernelRun.Random(kernel, Seed + 1), dy = KernelRun.Random(
            result, Seed + 2);
        double[] y = new double[result.Count], dw = new double[kernel.Count], sizes = new double[y.Length];
        double[] gradientSizes = new double[dw.Length];
        for (int at = 0; at < y.Length; at++)
        {
            int channel = at % c, j = at / c % ow, i = at / c / ow % oh, image = at / c / ow / oh;
            for (int tap = 0; tap < kh * kw; tap++)
            {
                int row = (i * strideHeight) - paddingHeight + (tap / kw * dilationHeight);
                int column = (j * strideWidth) - paddingWidth + (tap % kw * dilationWidth);
                if (row < 0 || row >= h || column < 0 || column >= w)
                {
                    continue;
                }

                int pixel = (((((image * h) + row) * w) + column) * c) + channel, weight = (tap * c) + channel;
                y[at] += (double)x[pixel] * k[weight];
                sizes[at] += Math.Abs((double)x[pixel] * k[weight]);
                dw[weight] += (double)x[pixel] * dy[at];
                gradientSizes[weight] += Math.Abs((double)x[pixel] * dy[at]);
            }
        }

        Check(new DepthwiseConv2d(geometry), [images, kernel], [x, k], y, 1e-6, Seed, sizes);
        Check(
            new DepthwiseWeightGradient(geometry, kh, kw), [images, result], [x, dy], dw, 1e-6, Seed, gradientSizes,
            sameBits: false);
    }

    [Test]
    public void ShapesThatDoNotFitAreNamed() => Assert.That(
        () => new DepthwiseConv2d(new DepthwiseGeometry(new Conv2dGeometry(1, 0))).Infer([new(1, 4, 4, 3), new(3, 3, 1, 4)]),
        Throws.TypeOf<ShapeException>().With.Message.Contains("(1, 4, 4, 3) and (3, 3, 1, 4)"));
}
