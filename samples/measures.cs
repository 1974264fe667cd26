#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// Every measure of a trained network, one of one's own among them, with what is known of its training.
//
//     dotnet run -c Release samples/measures.cs

using PacGen.Nn;

Dataset data = Datasets.Digits();
Sequential model = new(new Conv2d(1, 8, kernelSize: 3), new Relu(), new MaxPool2d(2), new Flatten(), new Linear(72, 10));
using Trainer trainer = new(model, data, new Sgd(0.1), new TrainingOptions
{
    Epochs = 20, BatchSize = 32, Score = null, KeepSecondMoment = true,
});
float[] first = trainer.Arena.Save();
Dictionary<double, long> reached = [];
trainer.Run(epoch =>
{
    foreach (double loss in (double[])[0.1, 0.01])
    {
        if (epoch.TrainLoss <= loss)
        {
            reached.TryAdd(loss, trainer.Steps);
        }
    }
});
Console.WriteLine(trainer.Results[^1]);

using EmpiricalLoss network = new(model, trainer.Arena, data.Train.Sample(500, seed: 1))
{
    Training = new TrainingFacts
    {
        InitialWeights = first, Images = data.Train.Count, StepsToLoss = reached, SecondMoment = trainer.SecondMoment,
    },
};
Measure ratio = new(
    "travel-ratio", "‖w − w₀‖² / ‖w‖²", true, "one architecture", (subject, _, _, stop) =>
    {
        WeightNormOptions fromInit = new() { Quantity = WeightNormQuantity.FromInit };
        NamedMeasurement moved = WeightNorm.Measure(subject, fromInit, cancellation: stop);
        NamedMeasurement length = WeightNorm.Measure(subject, cancellation: stop);
        double value = moved.Value / length.Value;
        return length with { Name = "travel-ratio", Value = value, Uncertainty = Uncertainty.Rounding(value) };
    },
    subject => subject.Training?.InitialWeights is null ? "The first weights are not known." : null);
foreach (Measure measure in Measures.All.Append(ratio))
{
    string? obstacle = measure.Obstacle?.Invoke(network);
    Console.WriteLine(
        $"{measure.Name,-36} {(obstacle is null ? $"{measure.Of(network, 1, null, default).Value:G5}" : obstacle)}");
}
