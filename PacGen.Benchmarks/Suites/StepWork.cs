using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Suites;

/// <summary>
/// Training steps as the trainer takes them, on a batch that is in place: perturbation if any, forward, mean cross-entropy,
/// backward, and the optimizer's update, SGD's without one.
/// </summary>
internal static class StepWork
{
    /// <summary>The MLP of the main job, 64-128-10, on the digits' shape.</summary>
    public static Work Mlp(int batch, Optimizer? optimizer = null) => Of(
        () => new Mlp(64, 128, 10), "mlp 64-128-10", new Shape(batch, 8, 8, 1), 2.0 * 64 * 128, 2.0 * 128 * 10, optimizer);

    /// <summary>An MLP 784-512-512-10 on MNIST's shape.</summary>
    public static Work LargeMlp(int batch, Optimizer? optimizer = null) => Of(
        () => new Mlp(784, 512, 512, 10), "MLP 784-512-512-10", new Shape(batch, 28, 28, 1), 2.0 * 784 * 512,
        2.0 * ((512 * 512) + (512 * 10)), optimizer);

    /// <summary><see cref="Nn.MnistCnn"/> on MNIST's shape.</summary>
    public static Work MnistCnn(int batch, Optimizer? optimizer = null) => Of(
        () => new MnistCnn(), "MnistCnn", new Shape(batch, 28, 28, 1), 2.0 * 24 * 24 * 10 * 25,
        2.0 * ((8 * 8 * 20 * 250) + (320 * 50) + (50 * 10)), optimizer);

    /// <summary>
    /// <see cref="Nn.WideResNet"/> on 32×32 colour images in 10 classes, running statistics included; an average of the weights,
    /// where there is one, takes them in at each step.
    /// </summary>
    public static Work WideResNet(
        int depth, int widen, int batch, Optimizer? optimizer = null, WeightAveraging? average = null)
    {
        double others = 2.0 * 64 * widen * 10;
        int inputs = 16;
        for (int group = 0; group < 3; group++)
        {
            int outputs = 16 * widen << group, size = 32 >> group, stride = group == 0 ? 1 : 2;
            for (int block = 0; block < (depth - 4) / 6; block++)
            {
                // The first convolution sees the block's input, at its size; the second has the stride.
                double after = (double)size * size, before = block == 0 ? after * stride * stride : after;
                double shortcut = inputs == outputs ? 0 : inputs;
                others += 2 * outputs * ((before * 9 * inputs) + (after * ((9.0 * outputs) + shortcut)));
                inputs = outputs;
            }
        }

        return Of(() => new WideResNet(depth, widen, 10), $"WRN-{depth}-{widen}", new Shape(batch, 32, 32, 3),
            2.0 * 32 * 32 * 16 * 27, others, optimizer, average);
    }

    /// <summary>
    /// A transformer encoder, PyTorch's layers without dropout, their hidden layers four times as wide, on sequences of some
    /// length, whose mean a linear layer puts into 10 classes.
    /// </summary>
    public static Work Encoder(int embedding, int heads, int layers, int batch, int length, Optimizer? optimizer = null)
    {
        double e = embedding, maps = 2 * length * e, first = maps * 3 * e;
        return Of(
            () => new SequenceClassifier(embedding, heads, layers),
            $"transformer encoder, d {embedding}, {heads} heads, {layers} layers",
            new Shape(batch, length, embedding, 1), first, (layers * maps * ((12 * e) + (2 * length))) - first + (2 * e * 10),
            optimizer);
    }

    // A forward pass and both gradients of every layer but the first, which needs none for its images.
    private static Work Of(
        Func<Module> model, string name, Shape shape, double first, double others, Optimizer? optimizer,
        WeightAveraging? average = null) =>
        new($"{name} training step, batch {shape[0]}", shape[0] * ((2 * first) + (3 * others)), 0, 0, (device, precision) =>
        {
            const int Epoch = 3;
            int batch = shape[0];
            optimizer ??= new Sgd(0.01);
            Module module = model();
            ParameterArena arena = new(module, device, BenchValues.Seed);
            int[] labels = [.. Enumerable.Range(0, batch).Select(i => i % 10)];
            ImageSet images = new(
                new byte[shape.Count], labels, shape[1], shape[2], 10,
                new Normalization(new float[shape[3]], [.. Enumerable.Repeat(1f, shape[3])]));
            TrainingPipeline pipeline = new(
                module, arena, optimizer, images,
                new PipelineOptions { Seed = BenchValues.Seed, Precision = precision, Average = average });
            int ends = 0;
            float[] pixels = BenchValues.Of(checked((int)shape.Count), 1), targets = [.. labels.Select(label => (float)label)];
            Submit();
            pipeline.Complete();
            return new PreparedWork(
                device,
                () =>
                {
                    // As the trainer does: steps are completed when no more may be in flight.
                    if (pipeline.InFlight == pipeline.Depth)
                    {
                        pipeline.Complete();
                    }

                    Submit();
                    if (average is not null)
                    {
                        // Each step is an epoch's end, so that SWA's work is seen too.
                        pipeline.Complete();
                        pipeline.EndEpoch(++ends);
                    }
                },
                pipeline, arena)
            {
                Profile = () => pipeline.Profile(pixels, targets),
            };

            void Submit() => pipeline.Submit(pixels, targets, Epoch, 0, optimizer.LearningRate);
        });

    internal sealed class SequenceClassifier(int embedding, int heads, int layers) : Module
    {
        private readonly TransformerEncoder encoder = new(
            [.. Enumerable.Range(0, layers).Select(_ => new TransformerEncoderLayer(embedding, heads, 4 * embedding, 0))]);

        private readonly Linear linear = new(embedding, 10);

        public override Tensor Forward(Tensor x) => linear.Forward(
            encoder.Forward(x.Reshape(x.Shape[0], x.Shape[1], x.Shape[2])).Mean([1]));
    }
}
