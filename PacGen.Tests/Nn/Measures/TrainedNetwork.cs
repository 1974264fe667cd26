using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>One of three small networks, trained on the digits, with the same network in double precision.</summary>
internal sealed class TrainedNetwork : IDisposable
{
    private const int Count = 60;
    private static readonly Dataset Digits = Datasets.Digits();
    private readonly Trainer trainer;

    private TrainedNetwork(Module model, Func<TrainedNetwork, DoubleNetwork> twin, int epochs)
    {
        Model = model;
        trainer = new Trainer(model, Digits, new Sgd(0.2), new TrainingOptions
        {
            Epochs = epochs, Score = null, BatchSize = 32, KeepSecondMoment = true,
        });
        First = trainer.Arena.Save();
        trainer.Run();
        Weights = trainer.Arena.Save();
        Images = Digits.Train.Take(Count);
        Twin = twin(this);
        Subject = new EmpiricalLoss(model, trainer.Arena, Images)
        {
            Training = new TrainingFacts
            {
                InitialWeights = First, SecondMoment = trainer.SecondMoment, Images = Digits.Train.Count, Steps = 400,
                StepsToLoss = new Dictionary<double, long> { [0.1] = 210, [0.01] = 333 },
                PosteriorDeviations = [.. Weights.Select((_, i) => 0.01f + (i % 5 * 0.01f))],
            },
        };
        float[] pixels = new float[Count * 64], labels = new float[Count];
        Images.Gather([.. Enumerable.Range(0, Count)], pixels, labels);
        Pictures = [.. pixels.Chunk(64).Select(picture => picture.Select(value => (double)value).ToArray())];
        Labels = [.. labels.Select(label => (int)label)];
    }

    public Module Model { get; }

    public ParameterArena Arena => trainer.Arena;

    public SampleSet Images { get; }

    public EmpiricalLoss Subject { get; }

    public DoubleNetwork Twin { get; }

    public float[] First { get; }

    public float[] Weights { get; }

    public double[] W => [.. Weights.Select(weight => (double)weight)];

    public double[][] Pictures { get; }

    public int[] Labels { get; }

    /// <summary>The weight matrices: where each begins, (positions, inputs, outputs).</summary>
    public required (string Name, int Start, int Positions, int Inputs, int Outputs)[] Matrices { get; init; }

    public static TrainedNetwork Of(string name)
    {
        DoubleNetwork.Extent image = new(8, 8, 1);
        return name switch
        {
            "mlp" => new TrainedNetwork(
                new Mlp(64, 12, 10),
                _ => new DoubleNetwork(DoubleNetwork.Linear(64, 12), new DoubleNetwork.Relu(), DoubleNetwork.Linear(12, 10)), 6)
            {
                Matrices = [("layers.0.weight", 0, 1, 64, 12), ("layers.1.weight", 780, 1, 12, 10)],
            },
            "cnn" => new TrainedNetwork(
                new Sequential(
                    new Conv2d(1, 4, 3), new MaxPool2d(2), new Relu(), new Conv2d(4, 6, 2), new Relu(), new Flatten(),
                    new Linear(24, 10)),
                _ => new DoubleNetwork(
                    new DoubleNetwork.Conv(image, 3, 4), new DoubleNetwork.MaxPool(new(6, 6, 4)), new DoubleNetwork.Relu(),
                    new DoubleNetwork.Conv(new(3, 3, 4), 2, 6), new DoubleNetwork.Relu(), DoubleNetwork.Linear(24, 10)),
                12)
            {
                Matrices =
                [
                    ("layers.0.weight", 0, 9, 1, 4), ("layers.3.weight", 40, 4, 4, 6), ("layers.6.weight", 142, 1, 24, 10),
                ],
            },
            _ => new TrainedNetwork(
                new Sequential(
                    new Conv2d(1, 4, 3), new BatchNorm(4), new Relu(), new MaxPool2d(2), new Flatten(), new Linear(36, 10)),
                network => new DoubleNetwork(
                    new DoubleNetwork.Conv(image, 3, 4), network.Normalisation(4), new DoubleNetwork.Relu(),
                    new DoubleNetwork.MaxPool(new(6, 6, 4)), DoubleNetwork.Linear(36, 10)),
                6)
            {
                Matrices = [("layers.0.weight", 0, 9, 1, 4), ("layers.5.weight", 48, 1, 36, 10)],
            },
        };
    }

    public void Dispose()
    {
        Subject.Dispose();
        trainer.Dispose();
    }

    private DoubleNetwork.BatchNorm Normalisation(int channels)
    {
        double[] state = [.. Arena.SaveState().Select(value => (double)value)];
        return new DoubleNetwork.BatchNorm(state[..channels], state[channels..]);
    }
}
