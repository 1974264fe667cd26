#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// Regression on a table: a small network under Perturbed OPT, its errors on rows that it has not seen, and Ψ.
//
//     dotnet run samples/tabular.cs

using PacGen.Nn;

// A table of one's own: Datasets.Load("csv:FILE", new DataOptions { Table = new TableOptions { Targets = ["COLUMN"] } }).
Dataset data = Datasets.Load("penguins");
Console.WriteLine($"{data}\n{string.Join(", ", data.Features)}\n");

Mlp model = new(data.Train.SampleSize, 32, data.Train.Target.Size);
TrainingOptions options = new()
{
    Epochs = 100, BatchSize = 32, Schedule = LearningRateSchedule.Cosine(100),
    Metrics = [Metric.RootMeanSquaredError, Metric.MeanAbsoluteError, Metric.RSquared],
};
using Trainer trainer = new(model, data, new PerturbedOptimizer(new Adam(1e-2), eta: 100), options);
Console.WriteLine(trainer.Run()[^1]);
Console.WriteLine(trainer.Score(new ScoreOptions { BatchSize = 64 }));
