using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Suites;

/// <summary>What scores, measures and certificates consist of, on networks with weights as they begin.</summary>
internal static class ScoreWork
{
    private const int Images = 1024, Looks = 100;

    /// <summary>All of it, for two networks.</summary>
    public static IEnumerable<Work> All =>
    [
        .. Of("mnist-cnn", () => new MnistCnn(), new Shape(28, 28, 1)),
        .. Of("wrn-16-1", () => new WideResNet(16, 1, 10), new Shape(32, 32, 3)),
        .. Derivatives("MLP 784-512-512-10", 256), .. Derivatives("mnist-cnn", 256), .. Derivatives("WRN-16-1", 256),
    ];

    /// <summary>The gradient over some images in one batch, a Hessian-vector product, and several at once.</summary>
    public static IEnumerable<Work> Derivatives(string network, int images) =>
    [
        Gradient(network, images), HessianProduct(network, images),
        HessianProduct(network, images, EmpiricalLoss.ProductsAtOnce),
    ];

    /// <summary>Hessian-vector products over some images in one batch.</summary>
    public static Work HessianProduct(string network, int images, int vectors = 1) => Derivative(
        network, vectors == 1 ? "Hessian-vector product" : $"{vectors} Hessian-vector products at once", images, subject =>
        {
            double[][] along = [.. Enumerable.Range(0, vectors).Select(
                _ => (double[])[.. BenchValues.Of(subject.Count, 1).Select(value => (double)value)])];
            double[][] products = [.. along.Select(v => new double[v.Length])];
            subject.MoveToWeights();
            return () => subject.Products(CurvatureMatrix.Hessian, along, products);
        });

    private static Work Gradient(string network, int images) => Derivative(network, "gradient", images, subject =>
    {
        double[] gradient = new double[subject.Count];
        subject.MoveToWeights();
        return () => subject.Gradient(gradient);
    });

    private static Work Derivative(string network, string what, int images, Func<EmpiricalLoss, Action> work)
    {
        (Func<Module> model, Shape image) = network switch
        {
            "mnist-cnn" => ((Func<Module>)(() => new MnistCnn()), new Shape(28, 28, 1)),
            "WRN-16-1" => (() => new WideResNet(16, 1, 10), new Shape(32, 32, 3)),
            _ => (() => new Mlp(784, 512, 512, 10), new Shape(28, 28, 1)),
        };
        return Of($"{network}, {what}, batch {images}", model, image, images, work, images);
    }

    private static IEnumerable<Work> Of(string name, Func<Module> model, Shape image) =>
    [
        Of($"{name}, score: Ψ of {Images:N0} images with one draw for ρ", model, image, Images, subject => () =>
            PacGenScorer.Measure(subject, new ScoreOptions { Draws = 1, Seed = BenchValues.Seed })),
        Of($"{name}, score: Hessian-vector product over {Images:N0} images", model, image, Images, subject =>
        {
            double[] along = [.. BenchValues.Of(subject.Count, 1).Select(value => (double)value)];
            double[] product = new double[subject.Count];
            subject.MoveToWeights();
            return () => subject.HessianProduct(along, product);
        }),
        Of($"{name}, score: {Looks} draws of a certificate, each for one image", model, image, 1, subject =>
        {
            ExpectedLossOptions options = new()
            {
                Draws = Looks,
                Levels = [.. Enumerable.Repeat(0.01f, subject.Count)],
                Neighborhood = new Neighborhood(0.1, 0.01),
                Seed = BenchValues.Seed,
            };
            return () => ExpectedLossSampler.Measure<TruncatedGaussianNoise>(subject, options);
        }),
    ];

    private static Work Of(
        string name, Func<Module> model, Shape image, int images, Func<EmpiricalLoss, Action> work, int batch = 0) =>
        new(name, 0, 0, 0, (device, _) =>
        {
            Module module = model();
            ParameterArena arena = new(module, device, BenchValues.Seed);
            byte[] pixels = [.. Enumerable.Range(0, checked((int)image.Count * images)).Select(i => (byte)(i * 7919))];
            int[] labels = [.. Enumerable.Range(0, images).Select(i => i % 10)];
            ImageSet set = new(
                pixels, labels, image[0], image[1], 10,
                new Normalization(new float[image[2]], [.. Enumerable.Repeat(1f, image[2])]));
            EmpiricalLoss subject = new(module, arena, set, batchSize: batch);
            return new PreparedWork(device, work(subject), subject, arena);
        });
}
