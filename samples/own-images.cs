#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// Images of one's own, read one by one by a class: trained on, and then evaluated and predicted without an optimizer.
//
//     dotnet run samples/own-images.cs

using PacGen.Kernels;
using PacGen.Nn;

// Folders of PNG or JPEG need no class: Datasets.Load("folder:PATH").
Dataset data = Dataset.Split(new Shapes(600), testPart: 0.25, name: "shapes").Normalized();
Console.WriteLine(data);

Mlp model = new(data.Train.SampleSize, 32, data.Train.Classes);
TrainingOptions options = new() { Epochs = 15, BatchSize = 32, Metrics = [Metric.F1] };
using Trainer trainer = new(model, data, new Adam(3e-3), options);
Console.WriteLine(trainer.Run()[^1]);

// Weights from anywhere, a file among them, into a network; no optimizer is needed to use it.
Mlp used = new(data.Train.SampleSize, 32, data.Train.Classes);
using ParameterArena arena = new(used, Device.Best(), seed: 1);
arena.Load(trainer.Arena.Save());
using Evaluator evaluator = new(used, arena, data.Test);
Console.WriteLine(evaluator.Evaluate(data.Test, Metric.Accuracy, Metric.F1));
float[] logits = evaluator.Predict(data.Test.Take(3));
for (int i = 0; i < 3; i++)
{
    Console.WriteLine($"image {i}: {(logits[2 * i] > logits[(2 * i) + 1] ? "disc" : "square")}");
}

/// <summary>Discs and squares of 16×16; a file would be read here in their place.</summary>
internal sealed class Shapes(int count) : SampleSet(count, new Shape(16, 16, 1), TargetForm.OneOf(2))
{
    protected override void Read(int index, Span<float> sample, Span<float> target)
    {
        // What a sample is depends on its index alone: any thread may read it, in any order.
        Random random = new(index);
        (double x, double y, double radius) =
            (7 + random.NextDouble(), 7 + random.NextDouble(), 4 + (2 * random.NextDouble()));
        target[0] = index % 2;
        for (int i = 0; i < sample.Length; i++)
        {
            double across = Math.Abs((i % 16) - x), down = Math.Abs((i / 16) - y);
            bool inside = target[0] == 0 ? (across * across) + (down * down) < radius * radius
                : Math.Max(across, down) < 0.89 * radius;
            sample[i] = (inside ? 1 : 0) + (0.1f * random.NextSingle());
        }
    }
}
