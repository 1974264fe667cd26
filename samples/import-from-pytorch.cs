#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// Takes the weights of a network that PyTorch trained from a safetensors file, checks and scores it, and goes on training it with
// perturbation. The file is made by samples/pytorch/make-mnist-cnn.cs; in Python, save_file(model.state_dict(), …) makes such a
// one.
//
//     dotnet run samples/import-from-pytorch.cs

using System.Runtime.CompilerServices;
using PacGen.Kernels;
using PacGen.Nn;

Dataset digits = Datasets.Digits();
Dataset enlarged = new("digits, enlarged", Enlarge(digits.Train), Enlarge(digits.Test));
PerturbedOptimizer optimizer = new(new Sgd(0.01), eta: 100, gamma: 1);
MnistCnn model = new();
using Trainer trainer = new(model, enlarged, optimizer, new TrainingOptions { Epochs = 2, BatchSize = 32 });

// PyTorch's convolution weights are OIHW and PacGen's HWIO; fc1 sees (channel, height, width) there, (height, width, channel)
// here.
// An example's shape is enough to find such layers.
PyTorchLayout layout = PyTorchLayout.Of(model, example: new Shape(28, 28, 1));
using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Folder(), "pytorch", "mnist-cnn.safetensors")))
{
    layout.Load(file, trainer.Arena);
}

(double loss, double accuracy) = trainer.Evaluate(enlarged.Test);
Console.WriteLine($"as PyTorch left it: test loss {loss:F4} ({accuracy:P2})");
trainer.Run(Console.WriteLine);
Console.WriteLine(trainer.Score(new ScoreOptions { Images = 320, Draws = 6 }));

// And back: a file that PyTorch's load_state_dict(load_file(…)) takes.
string path = Path.Combine(Path.GetTempPath(), $"mnist-cnn-{Environment.ProcessId}.safetensors");
SafetensorsFile.Save(path, layout.Export(trainer.Arena));
Console.WriteLine($"saved for PyTorch: {new FileInfo(path).Length} bytes");
File.Delete(path);

// 8×8 to 28×28: each pixel three by three, and a margin of two.
static ImageSet Enlarge(SampleSet set)
{
    ImageSet small = (ImageSet)set;
    byte[] pixels = new byte[small.Count * 28 * 28];
    for (int i = 0; i < pixels.Length; i++)
    {
        int y = (i / 28 % 28) - 2, x = (i % 28) - 2;
        pixels[i] = y is >= 0 and < 24 && x is >= 0 and < 24 ? small.Pixels[(i / 784 * 64) + (y / 3 * 8) + (x / 3)] : (byte)0;
    }

    return new ImageSet(pixels, small.Labels.ToArray(), 28, 28, small.Classes, small.Normalization);
}

static string Folder([CallerFilePath] string source = "") => Path.GetDirectoryName(source)!;
