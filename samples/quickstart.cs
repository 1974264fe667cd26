#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// Trains the same network by SGD and by Perturbed SGD (Algorithm 1) on handwritten digits, and scores how both will generalize.
//
//     dotnet run samples/quickstart.cs

using PacGen.Nn;

Dataset digits = Datasets.Digits();
Console.WriteLine($"{digits.Train.Count} training and {digits.Test.Count} test images of {digits.Train.SampleShape}");

TrainingOptions options = new() { Epochs = 20, BatchSize = 32, Seed = 1 };
foreach (Optimizer optimizer in new Optimizer[] { new Sgd(0.1), new PerturbedOptimizer(new Sgd(0.1), eta: 100, gamma: 1) })
{
    Console.WriteLine($"\n{optimizer}");
    using Trainer trainer = new(new Mlp(64, 64, 10), digits, optimizer, options);
    trainer.Run(epoch =>
    {
        if (epoch.Epoch % 5 == 0)
        {
            Console.WriteLine(epoch);
        }
    });

    // Ψ (24) ranks networks of one architecture: smaller promises a smaller gap between test and training loss.
    PacGenScore score = trainer.Score(new ScoreOptions())!;
    Console.WriteLine(score);
    foreach (LayerScore layer in score.LayerScores)
    {
        Console.WriteLine($"  {layer.Name,-16} {layer.Count,6} weights  Ψ {layer.Psi,8:F0}");
    }
}
