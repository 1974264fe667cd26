using PacGen.Core.Lanes;
using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>
/// What docs/architecture.md lets users add from outside the library: each is written here as a user writes it, and used.
/// </summary>
internal sealed class ExtensionTests
{
    private static readonly Dataset Digits = Datasets.Digits();

    private static TrainingOptions Options => new() { Epochs = 2, BatchSize = 32, Device = Device.Cpu };

    /// <summary>
    /// An activation is a struct and its derivative's row; it trains as a layer, and Hessian-vector products go through it.
    /// </summary>
    [Test]
    public void AnActivation()
    {
        // softsign x/(1 + |x|), whose slope is 1/(1 + |x|)².
        Gradients.Register<Softsign>((n, g) => g / (1f + n.Inputs[0].Abs()).Square());
        Tensor x = Tensor.Constant(new Shape(3), [-3, 0, 1]);
        Assert.That(Tensor.Map<Softsign>(x).Evaluate(), Is.EqualTo(new[] { -0.75f, 0, 0.5f }));
        Assert.That(Tensor.Map<Softsign>(x).Sum().Gradient(x)[0].Evaluate(), Is.EqualTo(new[] { 1 / 16f, 1, 0.25f }));
        Sequential model = new(new Flatten(), new Linear(64, 24), new Activation<Softsign>(), new Linear(24, 10));
        using Trainer trainer = new(model, Digits, new Adam(1e-2), Options);
        trainer.Run();
        Assert.That(trainer.Results[^1].TestAccuracy, Is.GreaterThan(0.8));
        using EmpiricalLoss loss = new(model, trainer.Arena, Digits.Train.Take(100));
        Assert.That(Lanczos.Measure(loss, new LanczosOptions { Products = 5 }).Largest, Is.GreaterThan(0));
    }

    /// <summary>
    /// Functions and noises run on every device of the machine, with the CPU's bits, however little they are shown to others.
    /// </summary>
    [Test]
    public void AFunctionAndANoiseOnEveryDevice()
    {
        Tensor x = Tensor.Constant(new Shape(5), [-3, 0, 1, 0.3f, 7]);
        Tensor value = Tensor.Map<Softsign>(x) * 2f;
        Dataset few = new("digits", Digits.Train.Take(12), Digits.Test.Take(4));
        float[] Trained(Device device)
        {
            using Trainer trainer = new(
                new Mlp(64, 2, 10), few, new PerturbedOptimizer(new Sgd(0.1), eta: 10).WithNoise<SignNoise>(),
                new TrainingOptions { Epochs = 1, BatchSize = 6, Device = device });
            trainer.Run();
            return trainer.Arena.Save();
        }

        float[] weights = Trained(Device.Cpu);
        foreach (DeviceDescription description in Device.List().Where(device => device.IsAvailable))
        {
            Device device = Device.Open(description.Id);
            Assert.That(value.Evaluate(device), Is.EqualTo(value.Evaluate(Device.Cpu)), device.Name);
            Assert.That(Trained(device), Is.EqualTo(weights).Within(1e-5), device.Name);
        }
    }

    /// <summary>A binary function has a rule for each argument, and is stretched as the library's are.</summary>
    [Test]
    public void AFunctionOfTwoArguments()
    {
        // √(x² + y²), whose slopes are x and y over itself.
        Gradients.Register<Hypotenuse>((n, g) => g * n.Inputs[0] / n, (n, g) => g * n.Inputs[1] / n);
        Tensor x = Tensor.Constant(new Shape(2, 1), [3, 8]), y = Tensor.Constant(new Shape(2), [4, 15]);
        Tensor value = Tensor.Map<Hypotenuse>(x, y);
        Assert.That(value.Evaluate(), Is.EqualTo(new[] { 5, MathF.Sqrt(234), MathF.Sqrt(80), 17 }).Within(1e-6));
        Tensor[] gradient = value.Sum().Gradient(x, y);
        Assert.That(gradient[0].Evaluate(), Is.EqualTo(new[] { 0.6 + (3 / Math.Sqrt(234)), (8 / Math.Sqrt(80)) + (8 / 17.0) })
            .Within(1e-6));
        Assert.That(gradient[1].Evaluate(), Is.EqualTo(new[] { 0.8 + (4 / Math.Sqrt(80)), (15 / Math.Sqrt(234)) + (15 / 17.0) })
            .Within(1e-6));
    }

    /// <summary>
    /// An operation is a record with shapes and a CPU kernel; its gradient is made of operations, here of itself. Elsewhere it
    /// says what it lacks.
    /// </summary>
    [Test]
    public void AnOperation()
    {
        // Rows turned round; the adjoint turns them back.
        Gradients.Register<Reversed>((_, g) => Tensor.Apply(new Reversed(), g));
        Tensor x = Tensor.Constant(new Shape(2, 3), [1, 2, 3, 4, 5, 6]), weights = Tensor.Constant(
            new Shape(2, 3), [1, 0, 2, 3, 0, 4]);
        Tensor y = Tensor.Apply(new Reversed(), x);
        Assert.That(y.Evaluate(), Is.EqualTo(new[] { 3f, 2, 1, 6, 5, 4 }));
        Assert.That(
            (y.Square() * weights).Sum().Gradient(x)[0].Evaluate(),
            Is.EqualTo(new[] { 2f * 1 * 2, 0, 2 * 3 * 1, 2 * 4 * 4, 0, 2 * 6 * 3 }));
        Assert.That(
            () => Tensor.Apply(new Reversed(), Tensor.Input(new Shape(4), "x")),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(4)"));
        Assert.That(() => y.Evaluate(Device.Simulator), Throws.TypeOf<NotSupportedException>().With.Message.Contains("Reversed"));
    }

    /// <summary>
    /// A layer keeps parameters, modules and state in fields; names follow from them, and the state from training.
    /// </summary>
    [Test]
    public void ALayerWithStateOfItsOwn()
    {
        Centred model = new();
        using Trainer trainer = new(model, Digits, new Sgd(0.1), Options);
        Assert.That(
            model.Parameters.Select(parameter => parameter.Name), Is.EqualTo(new[] { "scale", "head.weight", "head.bias" }));
        Assert.That(model.State.Select(state => state.Name), Is.EqualTo(new[] { "mean" }));
        trainer.Run();
        Assert.That(trainer.Results[^1].TestAccuracy, Is.GreaterThan(0.6));
        Assert.That(trainer.Arena.SaveState(), Has.Some.Not.Zero);
    }

    /// <summary>A noise is a struct; Algorithm 1 draws from it, never beyond κ, and its random words are the library's.</summary>
    [Test]
    public void ANoise()
    {
        PerturbedOptimizer optimizer = new PerturbedOptimizer(new Adam(1e-3), eta: 0.01, gamma: 1).WithNoise<SignNoise>();
        Assert.That(optimizer.ToString(), Does.Contain(nameof(SignNoise)));
        using Trainer trainer = new(new Mlp(64, 24, 10), Digits, optimizer, Options), again = new(
            new Mlp(64, 24, 10), Digits, optimizer, Options);
        using Trainer uniform =
            new(new Mlp(64, 24, 10), Digits, new PerturbedOptimizer(new Adam(1e-3), eta: 0.01, gamma: 1), Options);
        trainer.Run();
        again.Run();
        uniform.Run();
        Assert.That(trainer.Arena.Save(), Is.EqualTo(again.Arena.Save()), "a seed decides");
        Assert.That(trainer.Arena.Save(), Is.Not.EqualTo(uniform.Arena.Save()));
    }

    /// <summary>A loss is a function of outputs and labels; one with a tied maximum too.</summary>
    [Test]
    public void ALoss()
    {
        static Tensor Hinge(Tensor logits, Tensor labels)
        {
            Tensor own = logits.GatherColumn(labels).Reshape(-1, 1);
            return (logits - own + 1f).Relu().Max([1]).Mean();
        }

        using Trainer trainer = new(new Mlp(64, 24, 10), Digits, new Adam(5e-3), Options with { Loss = Hinge });
        trainer.Run();
        Assert.That(trainer.Results[^1].TestAccuracy, Is.GreaterThan(0.7));
    }

    /// <summary>A data set is two sets of pixels and labels.</summary>
    [Test]
    public void ADataSet()
    {
        (byte[] trainPixels, int[] trainLabels) = BrightThirds(300);
        (byte[] testPixels, int[] testLabels) = BrightThirds(30);
        ImageSet Set(byte[] pixels, int[] labels) =>
            new(pixels, labels, height: 8, width: 8, classes: 3, new Normalization([0.5f], [0.25f]));
        Dataset mine = new("mine", Set(trainPixels, trainLabels), Set(testPixels, testLabels));
        using Trainer trainer = new(new Mlp(64, 32, 3), mine, new Adam(1e-3));
        trainer.Run();
        Assert.That(trainer.Results[^1].TestAccuracy, Is.EqualTo(1));

        // A class for each third of the rows that is bright.
        static (byte[] Pixels, int[] Labels) BrightThirds(int count)
        {
            int[] labels = [.. Enumerable.Range(0, count).Select(i => i % 3)];
            return ([.. labels.SelectMany(label => Enumerable.Range(0, 64).Select(i => (byte)(i * 3 / 64 == label ? 255 : 0)))],
                labels);
        }
    }

    /// <summary>A measure is a static method and a row.</summary>
    [Test]
    public void AMeasure()
    {
        Measure row = new("gradient-norm", "‖∇L̂‖", null, "nothing", (subject, seed, progress, cancellation) =>
            GradientNormMeter.Measure(subject, null, progress, cancellation));
        Mlp model = new(64, 8, 10);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        using EmpiricalLoss loss = new(model, arena, Digits.Train.Take(100));
        Measurement found = Measures.All.Append(row).Single(one => one.Name == "gradient-norm").Of(loss, 1, null, default);
        double[] gradient = new double[loss.Count];
        loss.Gradient(gradient);
        Assert.That(found.Value, Is.EqualTo(Math.Sqrt(gradient.Sum(entry => entry * entry))));
        Assert.That(found.Cost.Gradients, Is.EqualTo(1));
    }

    /// <summary>One that needs the weights from which training began says so where they aren't known.</summary>
    [Test]
    public void AMeasureOfTheTraining()
    {
        Measure travel = new(
            "largest-travel", "max |w − w₀|", null, "nothing",
            (subject, _, _, _) => Travel.Measure(subject),
            subject => subject.Training?.InitialWeights is null ? "The first weights are not known." : null);
        Mlp model = new(64, 8, 10);
        using ParameterArena arena = new(model, Device.Cpu, 1);
        float[] first = arena.Save();
        arena.Load([.. first.Select((weight, i) => weight + (i == 7 ? 3 : 0) - (i == first.Length - 1 ? 2 : 0))]);
        using EmpiricalLoss unknown = new(model, arena, Digits.Train.Take(100)), known = new(model, arena, Digits.Train.Take(100))
        {
            Training = new TrainingFacts { InitialWeights = first },
        };
        Assert.That(travel.Obstacle!(unknown), Does.Contain("not known"));
        Assert.That(travel.Obstacle(known), Is.Null);
        Measurement found = travel.Of(known, 1, null, default);
        Assert.That(found.Value, Is.EqualTo(3).Within(1e-6));
        Assert.That(found.Layers.Select(layer => layer.Name), Is.EqualTo(model.Parameters.Select(parameter => parameter.Name)));
        Assert.That(found.Layers.Select(layer => layer.Value), Is.EqualTo(new[] { 3.0, 0, 0, 2 }).Within(1e-6));
        Assert.That(
            () => new EmpiricalLoss(model, arena, Digits.Train) { Training = new TrainingFacts { InitialWeights = [1, 2] } },
            Throws.ArgumentException.With.Message.Contains("2 first weights are given for 610 weights"));
    }

    private readonly struct Softsign : IUnaryFunction
    {
        static T IUnaryFunction.Invoke<T>(T x) => x / (T.Constant(1) + T.Abs(x));
    }

    private readonly struct Hypotenuse : IBinaryFunction
    {
        static T IBinaryFunction.Invoke<T>(T x, T y) => T.Sqrt(T.Fma(x, x, y * y));
    }

    /// <summary>±κ or ±σ, whichever is nearer to 0: a coin's sign.</summary>
    private readonly struct SignNoise : INoise
    {
        static T INoise.Sample<T, TWords>(T sigma, T kappa, TWords word)
        {
            T level = T.Min(sigma, kappa), coin = T.FromWords(TWords.ShiftRight(word, 31));
            return T.Select(T.Less(coin, T.Constant(0.5f)), -level, level);
        }
    }

    private sealed record Reversed : Operation
    {
        public override Shape Infer(ReadOnlySpan<Shape> inputs) =>
            inputs[0].Rank == 2 ? inputs[0] : throw new ShapeException(
                $"Reversed: a matrix is turned round, but this has shape {inputs[0]}.");

        public override Launch Bind(CpuDevice device, ReadOnlySpan<Shape> shapes, ReadOnlySpan<Region> inputs, Region output) =>
            new Kernel(device, shapes[0], inputs[0], output);

        private sealed unsafe class Kernel(CpuDevice device, Shape shape, Region input, Region output) : CpuLaunch(device)
        {
            public override int Tasks => shape[0];

            public override void RunTask(int task, int worker)
            {
                float* from = CpuDevice.Address(input) + ((long)task * shape[1]), to = CpuDevice.Address(output) + (
                    (long)task * shape[1]);
                for (int i = 0; i < shape[1]; i++)
                {
                    to[i] = from[shape[1] - 1 - i];
                }
            }
        }
    }

    /// <summary>Subtracts the pixels' running mean, scales, and classifies.</summary>
    private sealed class Centred : Module
    {
        private readonly Parameter scale = new(new Shape(64), Initializer.Ones);
        private readonly StateTensor mean = new(new Shape(64), 0);
        private readonly Linear head = new(64, 10);

        public override Tensor Forward(Tensor x)
        {
            Tensor flat = x.Flatten();
            Context?.Average(mean, flat.Mean([0]), 0.1);
            return head.Forward((flat - mean) * scale);
        }
    }

    private sealed record GradientNorm : Measurement;

    private static class GradientNormMeter
    {
        public static GradientNorm Measure(
            EmpiricalLoss subject, object? options = null, IProgress<MeasureProgress>? progress = null,
            CancellationToken cancellation = default)
        {
            PassCost before = subject.Cost;
            subject.MoveToWeights();
            double[] gradient = new double[subject.Count];
            subject.Gradient(gradient, cancellation);
            progress?.Report(new MeasureProgress("gradient norm", 1, 1));
            double norm = Math.Sqrt(gradient.Sum(entry => entry * entry));
            return new GradientNorm { Value = norm, Uncertainty = Uncertainty.Rounding(norm), Cost = subject.Cost - before };
        }
    }

    private sealed record Travel : Measurement
    {
        public static Travel Measure(EmpiricalLoss subject)
        {
            float[] weights = subject.MoveToWeights();
            List<LayerValue> layers = [];
            int start = 0;
            foreach (Parameter parameter in subject.Arena.Parameters)
            {
                int count = (int)parameter.Shape.Count;
                layers.Add(new LayerValue(
                    parameter.Name,
                    Enumerable.Range(start, count).Max(i => Math.Abs(weights[i] - subject.Training!.InitialWeights![i]))));
                start += count;
            }

            double value = layers.Max(layer => layer.Value);
            return new Travel { Value = value, Uncertainty = Uncertainty.Rounding(value), Cost = default, Layers = layers };
        }
    }
}
