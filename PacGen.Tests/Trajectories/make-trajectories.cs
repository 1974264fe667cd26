#:package TorchSharp-cpu
#:property PublishAot=false
#:property UseCurrentRuntimeIdentifier=true
#:property RestorePackagesWithLockFile=false
#:property RestoreLockedMode=false
#:property GenerateDocumentationFile=false

// Makes mlp.trajectory.gz and mnist-cnn.trajectory.gz: ten training steps of six optimizers in libtorch (TorchSharp, fp32, one
// thread), which PacGen's own steps must follow from the same weights and batches.
//
//     dotnet run make-trajectories.cs -- [DATA [OUTPUT]]
//
// DATA holds digits/digits.csv.gz (UCI, CC BY 4.0), whose images both models see, and is PACGEN_DATA by default; OUTPUT is this script's folder.
// For every file it prints the losses, and how far the same ten steps in double precision end from the single-precision ones:
// max |difference| / max |weight|, and the norm of the difference over the norm of the way that the ten steps went. A test can
// ask for no closer agreement than that.
//
// The file, gzip around little-endian data:
//     int32 number of arrays, then each array:
//         int32 length and UTF-8 bytes of its name
//         byte  element type: 0 float32, 1 unsigned byte
//         int32 rank, then int32 per extent, outermost first
//         the elements, row-major
// Its arrays, in this order:
//     images               bytes (steps, batch, height, width, channels); for the MLP (steps, batch, inputs)
//     labels               bytes (steps, batch)
//     normalization        [divisor, mean, deviation]: the input is (byte / divisor - mean) / deviation, in single precision
//     initial/NAME         the parameters before the first step, in the order of the flat arena: modules in order, weight before
//                          bias. The flat array is their concatenation.
//     OPTIMIZER/settings   [learning rate, momentum, Nesterov (0 or 1), weight decay, beta1, beta2, epsilon]; 0 where it has none
//     OPTIMIZER/losses     (steps), each the mean cross-entropy of its batch before the step
//     OPTIMIZER/after/N    the flat parameters after N steps
// Layouts are PacGen's: images NHWC, linear weights (in, out), convolution weights (KH, KW, C, OC), and the inputs of the linear
// layer behind a flattened image in the order (height, width, channel).

using System.Globalization;
using System.IO.Compression;
using System.Text;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

const int Steps = 10;

string data = args.Length > 0 ? args[0] : Environment.GetEnvironmentVariable("PACGEN_DATA")
    ?? throw new ArgumentException("Name the folder that holds digits/, as the first argument or in PACGEN_DATA.");
string output = args.Length > 1 ? args[1] : (string)AppContext.GetData("EntryPointFileDirectoryPath")!;
set_num_threads(1);

Write("mlp", Mlp, [], ReadDigits(Path.Combine(data, "digits", "digits.csv.gz"), Steps * 32), 32, [64], [16, 0, 1], [1, 2, 10]);
Write("mnist-cnn", MnistCnn, [20, 4, 4], Enlarge(ReadDigits(Path.Combine(data, "digits", "digits.csv.gz"), Steps * 8)), 8, [28, 28, 1], [16, 0.2243f, 0.3545f], [1, 10]);

static Sequential Mlp() => nn.Sequential(
    ("layers.0", nn.Linear(64, 48)), ("relu0", nn.ReLU()),
    ("layers.1", nn.Linear(48, 32)), ("relu1", nn.ReLU()),
    ("layers.2", nn.Linear(32, 10)));

static Sequential MnistCnn() => nn.Sequential(
    ("conv1", nn.Conv2d(1, 10, 5)), ("pool1", nn.MaxPool2d(2)), ("relu1", nn.ReLU()),
    ("conv2", nn.Conv2d(10, 20, 5)), ("pool2", nn.MaxPool2d(2)), ("relu2", nn.ReLU()),
    ("flatten", nn.Flatten()),
    ("linear1", nn.Linear(320, 50)), ("relu3", nn.ReLU()),
    ("linear2", nn.Linear(50, 10)));

// flattened: (C, H, W) of the image that the first linear layer sees flattened, empty if it sees none.
void Write(string name, Func<Sequential> build, long[] flattened, (byte[] Images, byte[] Labels) samples, int batch, int[] image, float[] normalization, int[] kept)
{
    manual_seed(5);
    using Sequential initial = build();
    Dictionary<string, Tensor> start = initial.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().clone());

    List<(string Name, int[] Extents, Array Elements)> arrays =
    [
        ("images", [Steps, batch, .. image], samples.Images),
        ("labels", [Steps, batch], samples.Labels),
        ("normalization", [3], normalization),
    ];
    foreach ((string parameter, Tensor value) in initial.named_parameters())
    {
        using Tensor converted = ToPacGen(value, flattened);
        arrays.Add(("initial/" + parameter, [.. converted.shape.Select(e => (int)e)], Elements(converted)));
    }

    float[] w0 = Flat(initial, flattened);
    foreach ((string optimizer, float[] settings) in Optimizers())
    {
        (float[] losses, Dictionary<int, float[]> after) = Run(ScalarType.Float32, optimizer, settings);
        (_, Dictionary<int, float[]> exact) = Run(ScalarType.Float64, optimizer, settings);
        arrays.Add((optimizer + "/settings", [settings.Length], settings));
        arrays.Add((optimizer + "/losses", [Steps], losses));
        foreach (int step in kept)
        {
            arrays.Add(($"{optimizer}/after/{step}", [after[step].Length], after[step]));
        }

        float[] a = after[Steps], b = exact[Steps];
        double largest = a.Zip(b, (x, y) => Math.Abs(x - y)).Max() / a.Max(Math.Abs);
        double way = Norm(a.Zip(b, (x, y) => x - y)) / Norm(a.Zip(w0, (x, y) => x - y));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-9} {optimizer,-9} losses {string.Join(' ', losses.Select(l => l.ToString("F4", CultureInfo.InvariantCulture)))}  single from double: {largest:E1} of max |w|, {way:E1} of the way"));
    }

    string path = Path.Combine(output, name + ".trajectory.gz");
    using (BinaryWriter writer = new(new GZipStream(File.Create(path), CompressionLevel.SmallestSize)))
    {
        writer.Write(arrays.Count);
        foreach ((string array, int[] extents, Array elements) in arrays)
        {
            byte[] label = Encoding.UTF8.GetBytes(array);
            writer.Write(label.Length);
            writer.Write(label);
            writer.Write((byte)(elements is byte[] ? 1 : 0));
            writer.Write(extents.Length);
            Array.ForEach(extents, writer.Write);
            if (elements is byte[] bytes)
            {
                writer.Write(bytes);
            }
            else
            {
                Array.ForEach((float[])elements, writer.Write);
            }
        }
    }

    Console.WriteLine($"{path}: {new FileInfo(path).Length} bytes, {w0.Length} parameters");

    (float[] Losses, Dictionary<int, float[]> After) Run(ScalarType precision, string optimizer, float[] s)
    {
        using DisposeScope run = NewDisposeScope();
        Sequential model = build();
        model.to(precision);
        foreach ((string parameter, Parameter value) in model.named_parameters())
        {
            using (no_grad())
            {
                value.copy_(start[parameter]);
            }
        }

        // The settings are stored in single precision; libtorch's own steps use the decimal numbers in double.
        double[] d = [.. s.Select(x => double.Parse(x.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture))];
        IEnumerable<Parameter> parameters = model.parameters();
        optim.Optimizer opt = optimizer switch
        {
            "adamw" => optim.AdamW(parameters, d[0], d[4], d[5], d[6], d[3]),
            "adam" or "adam-l2" => optim.Adam(parameters, d[0], d[4], d[5], d[6], d[3]),
            _ => optim.SGD(parameters, d[0], d[1], weight_decay: d[3], nesterov: d[2] != 0),
        };

        float[] losses = new float[Steps];
        Dictionary<int, float[]> after = [];
        int size = image.Aggregate(1, (p, e) => p * e);
        for (int step = 0; step < Steps; step++)
        {
            float[] x = [.. samples.Images.Skip(step * batch * size).Take(batch * size).Select(b => ((b / normalization[0]) - normalization[1]) / normalization[2])];
            long[] y = [.. samples.Labels.Skip(step * batch).Take(batch).Select(l => (long)l)];
            // One channel: NHWC and NCHW are the same bytes.
            Tensor input = tensor(x).reshape(image.Length == 1 ? [batch, size] : [batch, image[2], image[0], image[1]]).to(precision);
            opt.zero_grad();
            Tensor loss = nn.functional.cross_entropy(model.forward(input), tensor(y));
            loss.backward();
            opt.step();
            losses[step] = loss.to(ScalarType.Float32).item<float>();
            after[step + 1] = Flat(model, flattened);
        }

        return (losses, after);
    }
}

static IEnumerable<(string Name, float[] Settings)> Optimizers() =>
[
    ("sgd", [0.1f, 0, 0, 0, 0, 0, 0]),
    ("momentum", [0.05f, 0.9f, 0, 0, 0, 0, 0]),
    ("nesterov", [0.05f, 0.9f, 1, 5e-4f, 0, 0, 0]),
    ("adam", [1e-3f, 0, 0, 0, 0.9f, 0.999f, 1e-8f]),
    ("adam-l2", [1e-3f, 0, 0, 1e-3f, 0.9f, 0.999f, 1e-8f]),
    ("adamw", [1e-3f, 0, 0, 1e-2f, 0.9f, 0.999f, 1e-8f]),
];

static Tensor ToPacGen(Tensor parameter, long[] flattened)
{
    using DisposeScope scope = NewDisposeScope();
    Tensor p = parameter.detach();
    if (p.dim() == 4)
    {
        p = p.permute(2, 3, 1, 0);
    }
    else if (p.dim() == 2 && flattened.Length == 3 && p.shape[1] == flattened[0] * flattened[1] * flattened[2])
    {
        p = p.reshape(p.shape[0], flattened[0], flattened[1], flattened[2]).permute(2, 3, 1, 0).reshape(p.shape[1], p.shape[0]);
    }
    else if (p.dim() == 2)
    {
        p = p.transpose(0, 1);
    }

    return p.to(ScalarType.Float32).contiguous().MoveToOuterDisposeScope();
}

static float[] Flat(Sequential model, long[] flattened)
{
    List<float> flat = [];
    foreach ((_, Parameter parameter) in model.named_parameters())
    {
        using Tensor converted = ToPacGen(parameter, flattened);
        flat.AddRange(Elements(converted));
    }

    return [.. flat];
}

static float[] Elements(Tensor tensor) => tensor.data<float>().ToArray();

static double Norm(IEnumerable<float> values) => Math.Sqrt(values.Sum(v => (double)v * v));

static (byte[] Images, byte[] Labels) ReadDigits(string path, int count)
{
    using StreamReader reader = new(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
    byte[][] rows = [.. Enumerable.Range(0, count).Select(_ => reader.ReadLine()!.Split(',').Select(v => byte.Parse(v, CultureInfo.InvariantCulture)).ToArray())];
    return ([.. rows.SelectMany(r => r[..64])], [.. rows.Select(r => r[64])]);
}

// 8×8 to 28×28: each pixel three by three, and a margin of two.
static (byte[] Images, byte[] Labels) Enlarge((byte[] Images, byte[] Labels) digits)
{
    byte[] images = new byte[digits.Labels.Length * 28 * 28];
    for (int i = 0; i < images.Length; i++)
    {
        int row = (i / 28 % 28) - 2, column = (i % 28) - 2;
        if (row is >= 0 and < 24 && column is >= 0 and < 24)
        {
            images[i] = digits.Images[(i / 784 * 64) + (row / 3 * 8) + (column / 3)];
        }
    }

    return (images, digits.Labels);
}
