#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// A network with a branch, and a loss of one's own: gradients follow from the operations, nothing more is to be written.
//
//     dotnet run samples/custom-model.cs

using PacGen.Nn;

// Cross-entropy with label smoothing: the target is (1 − s)·onehot + s/C.
const float Smoothing = 0.1f;
static Tensor SmoothedCrossEntropy(Tensor logits, Tensor labels)
{
    Tensor logProbabilities = logits.LogSoftmax();
    Tensor uniform = -logProbabilities.Mean();
    return ((1 - Smoothing) * Loss.NegativeLogLikelihood(logProbabilities, labels)) + (Smoothing * uniform);
}

TrainingOptions options =
    new() { Epochs = 15, BatchSize = 32, Loss = SmoothedCrossEntropy, Schedule = LearningRateSchedule.Cosine(15) };
using Trainer trainer =
    new(new TwoPaths(), Datasets.Digits(), new PerturbedOptimizer(new Adam(2e-3), eta: 0.01, gamma: 1), options);
foreach (Parameter parameter in trainer.Arena.Parameters)
{
    Console.WriteLine($"{parameter.Name,-24} {parameter.Shape}");
}

trainer.Run(Console.WriteLine);

// A convolution sees the image's shape, a linear layer all pixels at once; their sum goes on. Fields hold the parts.
internal sealed class TwoPaths : Module
{
    private readonly Conv2d convolution = new(1, 8, kernelSize: 3, padding: 1);
    private readonly Linear afterConvolution = new(8 * 4 * 4, 32);
    private readonly Linear direct = new(64, 32);
    private readonly Dropout dropout = new(0.2);
    private readonly Linear head = new(32, 10);

    public override Tensor Forward(Tensor x)
    {
        Tensor local = afterConvolution.Forward(convolution.Forward(x).MaxPool2d(2).Relu().Flatten());
        Tensor global = direct.Forward(x.Flatten());
        return head.Forward(dropout.Forward((local + global).Relu()));
    }
}
