using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>The code on the pages of docs, as it stands there: DocumentedCodeTests looks for it here.</summary>
internal sealed class PageSnippetTests
{
    [Test]
    public void Tutorial()
    {
        Sequential model = new(new Flatten(), new Linear(64, 128), new Relu(), new Linear(128, 10));
        Dataset digits = Datasets.Digits();
        TrainingOptions options = new() { Epochs = 10, BatchSize = 64, Schedule = LearningRateSchedule.Cosine(10) };
        using Trainer trainer = new(model, digits, new Sgd(0.1), options);
        trainer.Run(Console.WriteLine);
        Console.WriteLine(trainer.Score(new ScoreOptions()));

        CertifyOptions quick = new() { PriorEpochs = 10, PosteriorEpochs = 1, Draws = 10_000 };
        Certificate certificate = Certifier.Certify(new Mlp(64, 128, 10), digits, quick);
        Console.WriteLine($"at most {certificate.ZeroOne.Value:F3} with probability {certificate.Confidence:F3}");

        Assert.That(trainer.Results[^1].TestAccuracy, Is.GreaterThan(0.9));
        Assert.That(certificate.ZeroOne.Value, Is.InRange(0.05, 0.3));
    }

    [Test]
    public void Readme()
    {
        Sequential model = new(new Conv2d(1, 8, kernelSize: 3), new Relu(), new MaxPool2d(2), new Flatten(), new Linear(72, 10));
        PerturbedOptimizer optimizer = new(new Adam(1e-3), eta: 0.01, gamma: 1);
        using Trainer trainer = new(model, Datasets.Digits(), optimizer, new TrainingOptions { Epochs = 10, BatchSize = 32 });
        trainer.Run(Console.WriteLine);

        Console.WriteLine(trainer.Score(new ScoreOptions()));

        Assert.That(trainer.Results[^1].TestAccuracy, Is.GreaterThan(0.8));
    }

    [Test]
    public void OwnLayer()
    {
        Sequential model = new(new Flatten(), new Linear(64, 32), new ScaledResidual(32, 64), new Linear(32, 10));
        using Trainer trainer = new(
            model, Datasets.Digits(), new PerturbedOptimizer(new Adam(1e-3), eta: 0.01, gamma: 1),
            new TrainingOptions { Epochs = 3 });
        trainer.Run(Console.WriteLine);

        Assert.That(trainer.Results[^1].TrainLoss, Is.LessThan(trainer.Results[0].TrainLoss));
        Assert.That(
            trainer.Arena.Parameters.Select(parameter => parameter.Name),
            Does.Contain("layers.2.scale").And.Contain("layers.2.first.weight"), "as the page says");
    }

    [Test]
    public void MeasuresPage()
    {
        Dataset data = Datasets.Digits();
        Mlp model = new(64, 32, 10);
        using Trainer trainer = new(model, data, new Sgd(0.1));
        trainer.Run();

        using EmpiricalLoss empirical = new(model, trainer.Arena, data.Train);
        Console.WriteLine(KeskarAscent.Measure(empirical));
        Console.WriteLine(KeskarAscent.Measure(empirical, new KeskarOptions { Directions = 100 }));
        Console.WriteLine(ExpectedSharpnessSampler.Measure(empirical));
        Console.WriteLine(ExpectedLossSampler.Measure<UniformNoise>(empirical, new ExpectedLossOptions { Sigma = 0.05 }));
        Console.WriteLine(Lanczos.Measure(empirical));
        Console.WriteLine(HessianLipschitzSampler.Measure(empirical));
        model.Rescale(10);

        Assert.That(trainer.Results[^1].TestAccuracy, Is.GreaterThan(0.8));
    }

    [Test]
    public void EveryMeasureOfASmallNetwork()
    {
        Dataset data = Datasets.Digits();
        Mlp model = new(64, 4, 10);
        using ParameterArena arena = new(model, Device.Cpu, seed: 1);
        using EmpiricalLoss empirical = new(model, arena, data.Train.Take(64));
        int taken = 0;
        foreach (Measure measure in Measures.All.Where(measure => measure.Obstacle?.Invoke(empirical) is null))
        {
            Measurement found = measure.Of(empirical, 1, null, default);                  // seed 1
            Console.WriteLine($"{measure.Name} {found.Value:G4}, {found.Uncertainty}; {found.Cost}");
        }

        foreach (Measure measure in Measures.All)
        {
            taken += measure.Obstacle?.Invoke(empirical) is null ? 1 : 0;
        }

        Assert.That(taken, Is.GreaterThan(30));
    }

    [Test]
    public void OwnDataPage()
    {
        Metric within = Metric.Mean("within 0.5 kg", (output, target) => Math.Abs(output[0] - target[0]) < 0.5f ? 1 : 0);
        TrainingOptions options = new() { Epochs = 100, Metrics = [Metric.RSquared, within] };
        Assert.That(options.Metrics, Has.Count.EqualTo(2));

        Dataset data = Datasets.Digits();
        Mlp model = new(64, 10);
        using ParameterArena arena = new(model, Device.Cpu, seed: 1);
        using Evaluator evaluator = new(model, arena, data.Test);
        Console.WriteLine(evaluator.Evaluate(data.Test, Metric.Accuracy, Metric.F1));
        float[] logits = evaluator.Predict(data.Test);
        Assert.That(logits, Has.Length.EqualTo(10 * data.Test.Count));
    }

    [Test]
    public void DataPage()
    {
        float[,] x = new float[50, 3];
        float[] y = new float[50];
        for (int i = 0; i < 50; i++)
        {
            (x[i, 0], x[i, 1], x[i, 2], y[i]) = (i, i % 7, i % 3, (2 * i) + 1);
        }

        Dataset data = Dataset.FromArrays(x, y).Normalized();
        Dataset own = Dataset.Split(new MySamples(), testPart: 0.2, seed: 1);
        Assert.That(data.Train.Count + data.Test.Count, Is.EqualTo(50));
        Assert.That(own.Test.Count, Is.EqualTo(20));
    }

    [Test]
    public void ClustersPage()
    {
        Mlp model = new(64, 16, 10);
        Dataset data = Datasets.Digits();
        Sgd optimizer = new(0.1);
        Communicator ranks = Communicator.World;       // Alone where the process was started by itself
        using Trainer trainer = new(model, data, optimizer, new TrainingOptions
        {
            BatchSize = 512, Accumulate = 8, Communicator = ranks,
        });
        trainer.Run(ranks.IsRoot ? result => Console.WriteLine(result) : null);

        Assert.That(ranks, Is.SameAs(Communicator.Alone));
        Assert.That(trainer.Results[^1].TrainLoss, Is.LessThan(trainer.Results[0].TrainLoss));
    }

    private sealed class MySamples() : SampleSet(100, new Shape(2), TargetForm.Values(1))
    {
        protected override void Read(int index, Span<float> sample, Span<float> target)
        {
            (sample[0], sample[1]) = (index, index % 5);
            target[0] = index;
        }
    }

    internal sealed class ScaledResidual(int size, int hidden) : Module
    {
        private readonly Linear first = new(size, hidden);
        private readonly Linear second = new(hidden, size);
        private readonly Parameter scale = new(new Shape(size), Initializer.Constant(0.1));

        public override Tensor Forward(Tensor x) => x + (scale * second.Forward(first.Forward(x).Gelu()));
    }
}
