#:package TorchSharp-cpu
#:property PublishAot=false
#:property UseCurrentRuntimeIdentifier=true
#:property RestorePackagesWithLockFile=false
#:property RestoreLockedMode=false
#:property GenerateDocumentationFile=false

// Makes mlp.trajectory.gz, mnist-cnn.trajectory.gz (ten training steps of six optimizers in libtorch: TorchSharp, fp32, one
// thread),
// wrn-10-1.trajectory.gz and wrn-16-1.trajectory.gz (twenty steps of SGD and Adam on Wide-ResNets, batch-norm statistics
// included),
// which PacGen's own steps must follow from the same weights and batches. And wide-resnet.safetensors, the state_dict of a
// WRN-10-1 after
// five steps as Python's save_file(model.state_dict(), …) writes it, with wide-resnet-logits.safetensors, images (N, C, H, W) and
// libtorch's
// outputs for them in evaluation mode: what an import must reproduce. The writer is this script's own, after the format's
// description.
//
//     dotnet run make-trajectories.cs -- [DATA [OUTPUT [MODEL ...]]]
//
// DATA holds digits/digits.csv.gz (UCI, CC BY 4.0), whose images all models see, and is PACGEN_DATA by default; OUTPUT is this
// script's folder.
// For every file it prints the losses, and how far the same steps in double precision end from the single-precision ones:
// max |difference| / max |weight|, and the norm of the difference over the norm of the way that the steps went. A test can
// ask for no closer agreement than that.
//
// The Wide-ResNets are those of the paper's code (github.com/meliketoy/wide-resnet.pytorch), their digits enlarged and coloured.
// Their first
// weights are rounded to bfloat16 and their last ones sampled, so that the files stay small; seed and rates are such that single
// precision follows double (a ReLU that rounding
// switches grows to 10⁻³ within twenty steps of WRN-16-1 at larger ones). Their Adam has an ε of 10⁻⁵: the gradient of
// a bias before a batch norm is zero but for rounding, and with 10⁻⁸ Adam would make steps of its sign.
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
// OPTIMIZER/after/N the flat parameters after N steps; where an array `sampled` is, each parameter of more than its first number
// of
//                          elements stands there with every (its second number)th of them only
// OPTIMIZER/state/N Wide-ResNets: the running means and variances after N steps, each batch norm's mean before its variance
// Layouts are PacGen's: images NHWC, linear weights (in, out), convolution weights (KH, KW, C, OC), and the inputs of the linear
// layer behind a flattened image in the order (height, width, channel).

using System.Buffers.Binary;
using System.Globalization;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

string data = args.Length > 0 ? args[0] : Environment.GetEnvironmentVariable("PACGEN_DATA")
    ?? throw new ArgumentException("Name the folder that holds digits/, as the first argument or in PACGEN_DATA.");
string output = args.Length > 1 ? args[1] : (string)AppContext.GetData("EntryPointFileDirectoryPath")!;
set_num_threads(1);

string digits = Path.Combine(data, "digits", "digits.csv.gz");
string[] wanted = args.Length > 2 ? args[2..] : ["mlp", "mnist-cnn", "wrn-10-1", "wrn-16-1", "wide-resnet"];
foreach (string model in wanted)
{
    switch (model)
    {
        case "mlp":
            Write(model, Mlp, [], ReadDigits(digits, 10 * 32), 32, [64], [16, 0, 1], 10, [1, 2, 10], [.. Optimizers()]);
            break;
        case "mnist-cnn":
            Write(model, MnistCnn, [20, 4, 4], Enlarge(ReadDigits(digits, 10 * 8)), 8, [28, 28, 1], [16, 0.2243f, 0.3545f], 10, [
                1, 10], [.. Optimizers()]);
            break;
        case "wide-resnet":
            WriteWideResNet(model, Tint(ReadDigits(digits, 5 * 16)));
            break;
        default:
            (int depth, int seed, float sgd, float adam) = model == "wrn-10-1" ? (10, 5, 1e-3f, 1e-4f) : (16, 3, 1e-4f, 5e-5f);
            Write(
                model, () => new WideResNet(depth, 1, 10), [], Tint(ReadDigits(digits, 20 * 8)), 8, [32, 32, 3],
                [255, 0.4f, 0.25f], 20, [20],
                [("momentum", [sgd, 0.9f, 0, 0, 0, 0, 0]), ("adam", [adam, 0, 0, 0, 0.9f, 0.999f, 1e-5f])], seed);
            break;
    }
}

void WriteWideResNet(string name, (byte[] Images, byte[] Labels) samples)
{
    const int Batch = 16, Few = 4;
    manual_seed(7);
    using DisposeScope scope = NewDisposeScope();
    WideResNet model = new(10, 1, 10);
    optim.Optimizer adam = optim.Adam(model.parameters(), 1e-3);
    Tensor images = tensor(samples.Images.Select(b => ((b / 255f) - 0.4f) / 0.25f).ToArray()).reshape(-1, 32, 32, 3).permute(
        0, 3, 1, 2).contiguous();
    Tensor labels = tensor(samples.Labels.Select(l => (long)l).ToArray());
    for (int first = 0; first < samples.Labels.Length; first += Batch)
    {
        adam.zero_grad();
        nn.functional.cross_entropy(model.forward(images[first..(first + Batch)]), labels[first..(first + Batch)]).backward();
        adam.step();
    }

    model.eval();
    using IDisposable gradients = no_grad();
    Save(name, [.. model.state_dict()]);
    Save(name + "-logits", [new("images", images[..Few]), new("logits", model.forward(images[..Few]))]);
}

void Save(string name, List<KeyValuePair<string, Tensor>> tensors)
{
    using MemoryStream elements = new();
    Dictionary<string, object> header = new() { ["__metadata__"] = new Dictionary<string, string> { ["format"] = "pt" } };
    foreach ((string key, Tensor value) in tensors)
    {
        long begin = elements.Length;
        bool counts = value.dtype == ScalarType.Int64;
        Tensor there = value.detach().contiguous();
        elements.Write(
            counts ? MemoryMarshal.AsBytes<long>(there.data<long>().ToArray()) : MemoryMarshal.AsBytes<float>(Elements(there)));
        header[key] = new { dtype = counts ? "I64" : "F32", value.shape, data_offsets = (long[])[begin, elements.Length] };
    }

    byte[] text = JsonSerializer.SerializeToUtf8Bytes(header), length = new byte[8];
    BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
    string path = Path.Combine(output, name + ".safetensors");
    File.WriteAllBytes(path, [.. length, .. text, .. elements.ToArray()]);
    Console.WriteLine($"{path}: {tensors.Count} arrays, {elements.Length} bytes");
}

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
void Write(
    string name, Func<nn.Module<Tensor, Tensor>> build, long[] flattened, (byte[] Images, byte[] Labels) samples, int batch,
    int[] image, float[] normalization,
    int steps, int[] kept, (string Name, float[] Settings)[] optimizers, int seed = 5)
{
    const int WholeUpTo = 1024, Stride = 31;
    manual_seed(seed);
    using nn.Module<Tensor, Tensor> initial = build();
    bool sampled = initial is WideResNet;
    if (sampled)
    {
        using (no_grad())
        {
            foreach ((_, Parameter parameter) in initial.named_parameters())
            {
                parameter.copy_(parameter.to(ScalarType.BFloat16).to(ScalarType.Float32));
            }
        }
    }

    Dictionary<string, Tensor> start = initial.named_parameters().ToDictionary(p => p.name, p => p.parameter.detach().clone());

    List<(string Name, int[] Extents, Array Elements)> arrays =
    [
        ("images", [steps, batch, .. image], samples.Images),
        ("labels", [steps, batch], samples.Labels),
        ("normalization", [3], normalization),
    ];
    if (sampled)
    {
        arrays.Add(("sampled", [2], new float[] { WholeUpTo, Stride }));
    }

    foreach ((string parameter, Tensor value) in initial.named_parameters())
    {
        using Tensor converted = ToPacGen(value, flattened);
        arrays.Add(("initial/" + parameter, [.. converted.shape.Select(e => (int)e)], Elements(converted)));
    }

    float[] w0 = Flat(initial, flattened);
    foreach ((string optimizer, float[] settings) in optimizers)
    {
        (float[] losses, Dictionary<int, float[]> after, Dictionary<int, float[]> states) = Run(
            ScalarType.Float32, optimizer, settings);
        (_, Dictionary<int, float[]> exact, Dictionary<int, float[]> exactStates) = Run(ScalarType.Float64, optimizer, settings);
        arrays.Add((optimizer + "/settings", [settings.Length], settings));
        arrays.Add((optimizer + "/losses", [steps], losses));
        foreach (int step in kept)
        {
            float[] values = sampled ? Sample(after[step]) : after[step];
            arrays.Add(($"{optimizer}/after/{step}", [values.Length], values));
            if (sampled)
            {
                arrays.Add(($"{optimizer}/state/{step}", [states[step].Length], states[step]));
            }
        }

        float[] a = after[steps], b = exact[steps];
        double largest = a.Zip(b, (x, y) => Math.Abs(x - y)).Max() / a.Max(Math.Abs);
        double way = Norm(a.Zip(b, (x, y) => x - y)) / Norm(a.Zip(w0, (x, y) => x - y));
        double apart = sampled ? Norm(states[steps].Zip(exactStates[steps], (x, y) => x - y)) / Norm(states[steps]) : 0;
        string statistics = sampled ? string.Create(CultureInfo.InvariantCulture, $", statistics {apart:E1}") : "";
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-9} {optimizer,-9} losses " +
                $"{string.Join(' ', losses.Select(l => l.ToString("F4", CultureInfo.InvariantCulture)))}  single from double: " +
                $"{largest:E1} of max |w|, {way:E1} of the way{statistics}"));
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

    float[] Sample(float[] flat)
    {
        List<float> result = [];
        int at = 0;
        foreach (int length in initial.named_parameters().Select(p => (int)p.parameter.numel()))
        {
            result.AddRange(flat[at..(at + length)].Where((_, i) => length <= WholeUpTo || i % Stride == 0));
            at += length;
        }

        return [.. result];
    }

    (float[] Losses, Dictionary<int, float[]> After, Dictionary<int, float[]> States) Run(
        ScalarType precision, string optimizer, float[] s)
    {
        using DisposeScope run = NewDisposeScope();
        nn.Module<Tensor, Tensor> model = build();
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

        float[] losses = new float[steps];
        Dictionary<int, float[]> after = [], states = [];
        int size = image.Aggregate(1, (p, e) => p * e);
        for (int step = 0; step < steps; step++)
        {
            float[] x = [.. samples.Images.Skip(step * batch * size).Take(batch * size).Select(
                b => ((b / normalization[0]) - normalization[1]) / normalization[2])];
            long[] y = [.. samples.Labels.Skip(step * batch).Take(batch).Select(l => (long)l)];
            // NHWC as stored; with one channel NCHW is the same.
            Tensor input = (
                image.Length == 1 ? tensor(x).reshape(batch, size)
                : tensor(x).reshape(batch, image[0], image[1], image[2]).permute(0, 3, 1, 2).contiguous()).to(precision);
            opt.zero_grad();
            Tensor loss = nn.functional.cross_entropy(model.forward(input), tensor(y));
            loss.backward();
            opt.step();
            losses[step] = loss.to(ScalarType.Float32).item<float>();
            after[step + 1] = Flat(model, flattened);
            states[step + 1] = [.. model.named_buffers().Where(b => b.name.Contains("running", StringComparison.Ordinal))
                .SelectMany(b => Elements(b.buffer.to(ScalarType.Float32)))];
        }

        return (losses, after, states);
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

static float[] Flat(nn.Module<Tensor, Tensor> model, long[] flattened)
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
    byte[][] rows = [.. Enumerable.Range(0, count).Select(
        _ => reader.ReadLine()!.Split(',').Select(v => byte.Parse(v, CultureInfo.InvariantCulture)).ToArray())];
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

// 8×8 to 32×32 by linear interpolation, in a colour that depends on the image's number, over a background that changes
// everywhere:
// with even areas a rounding could move all pixels of one over ReLU's edge at once, and no two programs would agree for long.
static (byte[] Images, byte[] Labels) Tint((byte[] Images, byte[] Labels) digits)
{
    byte[] images = new byte[digits.Labels.Length * 32 * 32 * 3];
    for (int i = 0; i < images.Length; i++)
    {
        int channel = i % 3, column = i / 3 % 32, row = i / 96 % 32, image = i / 3072;
        int x = Math.Min(column / 4, 6), y = Math.Min(row / 4, 6), dx = column - (4 * x), dy = row - (4 * y);
        int Pixel(int v, int h) => digits.Images[(image * 64) + (v * 8) + h];
        int ink = ((((8 - dy) * (((8 - dx) * Pixel(y, x)) + (dx * Pixel(y, x + 1)))) + (
            dy * (((8 - dx) * Pixel(y + 1, x)) + (dx * Pixel(y + 1, x + 1))))) / 8);
        int ground = ((row * (3 + ((image + channel) % 4))) + (column * (2 + ((image * 3) + (channel * 2)) % 5)) + (
            row * column % (7 + channel))) / 3;
        images[i] = (byte)Math.Min(255, (ink * (3 + ((image + channel) % 3)) / 5) + ground);
    }

    return (images, digits.Labels);
}

// The network of the paper's code: see PacGen.Nn/Models/WideResNet.cs.
internal sealed class WideResNet : nn.Module<Tensor, Tensor>
{
    private readonly Conv2d conv1;
    private readonly ModuleList<Block> layer1, layer2, layer3;
    private readonly BatchNorm2d bn1;
    private readonly Linear linear;

    public WideResNet(int depth, int widen, int classes)
        : base("wrn")
    {
        int n = (depth - 4) / 6;
        conv1 = Convolution(3, 16, 3, 1);
        layer1 = Group(16, 16 * widen, n, 1);
        layer2 = Group(16 * widen, 32 * widen, n, 2);
        layer3 = Group(32 * widen, 64 * widen, n, 2);
        bn1 = nn.BatchNorm2d(64 * widen, momentum: 0.9);
        linear = nn.Linear(64 * widen, classes);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        Tensor y = conv1.forward(x);
        foreach (Block block in (Block[])[.. layer1, .. layer2, .. layer3])
        {
            y = block.forward(y);
        }

        y = nn.functional.avg_pool2d(nn.functional.relu(bn1.forward(y)), 8);
        return linear.forward(y.view(y.shape[0], -1));
    }

    public static Conv2d Convolution(int inputs, int outputs, int kernel, int stride)
    {
        Conv2d convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel / 2);
        nn.init.xavier_uniform_(convolution.weight, Math.Sqrt(2));
        nn.init.constant_(convolution.bias, 0);
        return convolution;
    }

    private static ModuleList<Block> Group(int inputs, int outputs, int blocks, int stride) =>
        new([.. Enumerable.Range(0, blocks).Select(
            i => i == 0 ? new Block(inputs, outputs, stride) : new Block(outputs, outputs, 1))]);
}

internal sealed class Block : nn.Module<Tensor, Tensor>
{
    private readonly BatchNorm2d bn1;
    private readonly Conv2d conv1;
    private readonly BatchNorm2d bn2;
    private readonly Conv2d conv2;
    private readonly ModuleList<Conv2d> shortcut;

    public Block(int inputs, int outputs, int stride)
        : base("block")
    {
        bn1 = nn.BatchNorm2d(inputs);
        conv1 = WideResNet.Convolution(inputs, outputs, 3, 1);
        bn2 = nn.BatchNorm2d(outputs);
        conv2 = WideResNet.Convolution(outputs, outputs, 3, stride);
        shortcut = new(stride != 1 || inputs != outputs ? [WideResNet.Convolution(inputs, outputs, 1, stride)] : []);
        RegisterComponents();
    }

    public override Tensor forward(Tensor x)
    {
        Tensor y = conv1.forward(nn.functional.relu(bn1.forward(x)));
        y = conv2.forward(nn.functional.relu(bn2.forward(y)));
        return y + (shortcut.Count == 0 ? x : shortcut[0].forward(x));
    }
}
