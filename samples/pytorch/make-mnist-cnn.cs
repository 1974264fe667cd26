#:package TorchSharp-cpu
#:property PublishAot=false
#:property UseCurrentRuntimeIdentifier=true
#:property RestorePackagesWithLockFile=false
#:property RestoreLockedMode=false
#:property GenerateDocumentationFile=false

// Trains the network of PyTorch's MNIST example in libtorch (TorchSharp) on the embedded digits, enlarged to 28×28, and writes
// its
// weights as PyTorch names and orders them: what save_file(model.state_dict(), "mnist-cnn.safetensors") would write in Python.
// Beside
// them mnist-cnn-logits.safetensors: eight images (N, C, H, W) and libtorch's outputs for them, which PacGen's tests compare
// with.
//
//     dotnet run samples/pytorch/make-mnist-cnn.cs        in the repository's folder
//
// The writer is this script's own, after the format's description: it shares nothing with PacGen's reader.

using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text.Json;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

const int Batch = 32, Epochs = 4;
string folder = (string)AppContext.GetData("EntryPointFileDirectoryPath")!;
set_num_threads(1);
manual_seed(5);

// Every fifth of a class is for testing, as in PacGen's own split.
int[] seen = new int[10];
List<(float[] Image, long Label)> train = [], test = [];
using (StreamReader reader = new(new GZipStream(
    File.OpenRead(Path.Combine(folder, "..", "..", "PacGen.Nn", "Data", "Digits", "digits.csv.gz")), CompressionMode.Decompress)))
{
    while (reader.ReadLine() is { } line)
    {
        int[] row = [.. line.Split(',').Select(value => int.Parse(value, CultureInfo.InvariantCulture))];
        float[] image = new float[28 * 28];
        for (int i = 0; i < image.Length; i++)
        {
            int y = (i / 28) - 2, x = (i % 28) - 2;
            int value = y is >= 0 and < 24 && x is >= 0 and < 24 ? row[(y / 3 * 8) + (x / 3)] : 0;
            image[i] = (float)(((value / 16.0) - 0.3052f) / 0.3758f);
        }

        (seen[row[64]]++ % 5 == 2 ? test : train).Add((image, row[64]));
    }
}

Sequential model = nn.Sequential(
    ("conv1", nn.Conv2d(1, 10, 5)), ("pool1", nn.MaxPool2d(2)), ("relu1", nn.ReLU()),
    ("conv2", nn.Conv2d(10, 20, 5)), ("pool2", nn.MaxPool2d(2)), ("relu2", nn.ReLU()),
    ("flatten", nn.Flatten()),
    ("fc1", nn.Linear(320, 50)), ("relu3", nn.ReLU()),
    ("fc2", nn.Linear(50, 10)));
optim.Optimizer adam = optim.Adam(model.parameters(), 2e-3);
for (int epoch = 0; epoch < Epochs; epoch++)
{
    foreach ((float[] Image, long Label)[] batch in train.Chunk(Batch))
    {
        adam.zero_grad();
        Tensor loss = nn.functional.cross_entropy(model.forward(Images(batch)), tensor(batch.Select(one => one.Label).ToArray()));
        loss.backward();
        adam.step();
    }
}

using (no_grad())
{
    (float[], long)[] all = [.. test];
    Tensor outputs = model.forward(Images(all)), labels = tensor(all.Select(one => one.Item2).ToArray());
    Console.WriteLine(
        $"test loss {nn.functional.cross_entropy(outputs, labels).item<float>()}, accuracy " +
        $"{outputs.argmax(1).eq(labels).to(ScalarType.Float32).mean().item<float>()}");
    (float[], long)[] few = all[..8];
    Write("mnist-cnn.safetensors", [.. model.state_dict()]);
    Write("mnist-cnn-logits.safetensors", [new("images", Images(few)), new("logits", model.forward(Images(few)))]);
}

static Tensor Images((float[] Image, long Label)[] batch) => tensor(batch.SelectMany(one => one.Image).ToArray()).reshape(
    batch.Length, 1, 28, 28);

void Write(string name, List<KeyValuePair<string, Tensor>> tensors)
{
    using MemoryStream data = new();
    Dictionary<string, object> header = new() { ["__metadata__"] = new Dictionary<string, string> { ["format"] = "pt" } };
    foreach ((string key, Tensor value) in tensors)
    {
        long begin = data.Length;
        data.Write(MemoryMarshal.AsBytes<float>(value.detach().contiguous().data<float>().ToArray()));
        header[key] = new { dtype = "F32", value.shape, data_offsets = (long[])[begin, data.Length] };
    }

    byte[] text = JsonSerializer.SerializeToUtf8Bytes(header), length = new byte[8];
    BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
    File.WriteAllBytes(Path.Combine(folder, name), [.. length, .. text, .. data.ToArray()]);
    Console.WriteLine($"{name}: {tensors.Count} arrays");
}
