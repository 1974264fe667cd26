#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// Sharpness-aware minimization around any optimizer, beside it alone; a second gradient at a point of one's own; and the mean
// of two, at w + u and at w − u.
//
//     dotnet run -c Release samples/sharpness-aware.cs

using PacGen.Nn;

Optimizer plain = new Sgd(0.1, momentum: 0.9);
Optimizer[] optimizers =
[
    plain,
    new SharpnessAware(plain, rho: 0.05),
    SharpnessAware.Adaptive(plain, rho: 0.5),
    new SharpnessAware(plain, "largest coordinate(0.01)", (w, g) => w + (g * (0.01f / (g.Abs().Max([0]) + 1e-12f)))),
    new PerturbedOptimizer(plain, eta: 100, gamma: 1) { TwoPoint = true },
];
foreach (Optimizer optimizer in optimizers)
{
    TrainingOptions options = new() { Epochs = 10, BatchSize = 32, Schedule = LearningRateSchedule.Cosine(10) };
    using Trainer trainer = new(new Mlp(64, 64, 10), Datasets.Digits(), optimizer, options);
    Console.WriteLine($"{optimizer}\n{trainer.Run()[^1]}");
}
