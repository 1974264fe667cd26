#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// A network that PyTorch trained and torch.onnx.export wrote: its outputs checked, its error, its score, and a
// certificate over images that its training has not seen. PacGen.Tests/Networks/make-networks.py is the training.
//
//     dotnet run samples/pytorch-network.cs

using System.Runtime.CompilerServices;
using PacGen.Kernels;
using PacGen.Nn;

// PyTorch trained on the digits' training images, normalised as they are here; it has not seen the test images.
Dataset digits = Datasets.Digits();
OnnxNetwork network = OnnxNetwork.Open(InTests("mlp.onnx"), example: new Shape(8, 8, 1));
using Trainer trainer = new(network, digits, new Adam(1e-4), new TrainingOptions { Epochs = 1 });

// Inputs, and what PyTorch made of them: a weight in a wrong place would show here.
using (TensorFile reference = TensorFile.OpenAny(InTests("mlp.safetensors")))
{
    Console.WriteLine($"outputs as in PyTorch, within {ReferenceOutputs.Check(network, trainer.Arena, reference):G2}");
}

(double loss, double accuracy) = trainer.Evaluate(digits.Test);
Console.WriteLine($"{network.ParameterCount} weights, test loss {loss:F4} ({accuracy:P2})");
Console.WriteLine(trainer.Score(new ScoreOptions { Images = 320, Draws = 6 }));

// Certified on the test images: the network itself by a binomial test, and with perturbed weights by PAC-Bayes.
Certificate certificate = Certifier.CertifyWeights(
    network, trainer.Arena.Save(), trainer.Arena.SaveState(), digits, new CertifyOptions { PosteriorEpochs = 0, Draws = 20_000 });
Console.WriteLine(certificate);
Console.WriteLine($"the error on images to come is at most {certificate.HeldOutBound:P1}, by {certificate.BoundImages} images");

static string InTests(string file, [CallerFilePath] string source = "") =>
    Path.Combine(Path.GetDirectoryName(source)!, "..", "PacGen.Tests", "Networks", file);
