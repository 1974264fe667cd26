#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// Wide-ResNet, plain and with Perturbed OPT: the network of the paper's Figure 7, here a small one on the embedded digits.
//
//     dotnet run samples/wide-resnet.cs

using PacGen.Kernels;
using PacGen.Nn;

Dataset digits = Datasets.Digits();
TrainingOptions options = new() { Epochs = 4, BatchSize = 64, Device = Device.Cpu };
foreach (Optimizer optimizer in new Optimizer[] { new Adam(1e-3), new PerturbedOptimizer(
    new Adam(1e-3), eta: 0.01, gamma: 1, epsilon: 1e-5) })
{
    // Any depth 6n + 4 and widening factor; images of any size. The paper trained WRN-58-3: new WideResNet(58, 3, classes: 10).
    WideResNet model = new(depth: 10, widen: 1, classes: 10, channels: 1);
    using Trainer trainer = new(model, digits, optimizer, options);
    Console.WriteLine(
        $"{optimizer}: {model.ParameterCount:N0} parameters, {trainer.Arena.States.Count} running statistics, " +
        $"{trainer.RunningStatistics}");
    trainer.Run(Console.WriteLine);
}

// Batch norm is evaluated with running statistics. Under a perturbing optimizer they are estimated anew at w before each
// evaluation.
// These are what follows from taking them from the perturbed passes instead:
options = options with { RunningStatistics = RunningStatistics.FromTrainingPass };
using Trainer moving = new(
    new WideResNet(10, 1, 10, 1), digits, new PerturbedOptimizer(new Adam(1e-3), eta: 0.01, gamma: 1, epsilon: 1e-5), options);
Console.WriteLine($"statistics {moving.RunningStatistics}");
moving.Run(Console.WriteLine);
