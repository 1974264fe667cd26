using System.Diagnostics;
using PacGen.Benchmarks.Reporting;
using PacGen.Benchmarks.Suites;
using TorchSharp;
using static TorchSharp.torch;

namespace PacGen.Benchmarks.Peers;

/// <summary>The work that PacGen is compared on, done by libtorch on the CPU in single precision. Each method runs its work many
/// times, in each formulation that a careful author would try, and returns the shortest time. Memory that libtorch takes is
/// released before a method returns.</summary>
/// <param name="threads">The threads that libtorch uses (<c>torch.set_num_threads</c>), at least 1.</param>
/// <param name="seconds">How long each formulation is repeated.</param>
/// <exception cref="ArgumentOutOfRangeException">An argument is not positive.</exception>
public sealed class LibtorchPeer(int threads, double seconds = 1)
{
    private readonly int threads = threads > 0 ? threads : throw new ArgumentOutOfRangeException(
        nameof(threads), threads, "At least 1 thread.");
    private readonly double seconds = seconds > 0 ? seconds : throw new ArgumentOutOfRangeException(
        nameof(seconds), seconds, "The time must be positive.");

    /// <summary>libtorch's version.</summary>
    public static string Version => __version__;

    /// <summary>One training step of <c>MnistCnn</c> on a batch that is already a tensor: gradients cleared, forward, mean
    /// cross-entropy, backward, SGD with learning rate 0.01.</summary>
    /// <param name="batch">The images of the batch.</param>
    public PeerTime MnistCnnStep(int batch)
    {
        using DisposeScope scope = Begin();
        Tensor input = randn(batch, 1, 28, 28), labels = randint(10, batch, dtype: ScalarType.Int64);

        using TorchSharp.Modules.Sequential model = LibtorchCurvature.MnistCnn();
        using optim.Optimizer sgd = optim.SGD(model.parameters(), 0.01);
        double modules = Best(() =>
        {
            sgd.zero_grad();
            Tensor loss = nn.functional.cross_entropy(model.forward(input), labels);
            loss.backward();
            sgd.step();
        });
        return new PeerTime(modules, "modules, torch.optim.SGD").Or(Functional(false)).Or(Functional(true));

        PeerTime Functional(bool channelsLast)
        {
            Tensor[] w = [.. model.parameters().Select(p => Leaf(p.detach().clone(), channelsLast))];
            double best = Best(() =>
            {
                Tensor x = nn.functional.relu(nn.functional.max_pool2d(nn.functional.conv2d(input, w[0], w[1]), 2));
                x = nn.functional.relu(nn.functional.max_pool2d(nn.functional.conv2d(x, w[2], w[3]), 2));
                x = nn.functional.relu(nn.functional.linear(x.reshape(batch, 320), w[4], w[5]));
                Tensor loss = nn.functional.cross_entropy(nn.functional.linear(x, w[6], w[7]), labels);
                IList<Tensor> gradients = autograd.grad([loss], w);
                using (no_grad())
                {
                    for (int i = 0; i < w.Length; i++)
                    {
                        w[i].add_(gradients[i], -0.01f);
                    }
                }
            });
            return new PeerTime(best, channelsLast ? "functions, channels last" : "functions");
        }
    }

    /// <summary>The same of an MLP 784-512-512-10 with ReLU.</summary>
    /// <param name="batch">The images of the batch.</param>
    public PeerTime LargeMlpStep(int batch)
    {
        using DisposeScope scope = Begin();
        Tensor input = randn(batch, 784), labels = randint(10, batch, dtype: ScalarType.Int64);
        using TorchSharp.Modules.Sequential model = LibtorchCurvature.Mlp();
        using optim.Optimizer sgd = optim.SGD(model.parameters(), 0.01);
        double modules = Best(() =>
        {
            sgd.zero_grad();
            nn.functional.cross_entropy(model.forward(input), labels).backward();
            sgd.step();
        });
        Tensor[] w = [.. model.parameters().Select(p => Leaf(p.detach().clone(), false))];
        double functions = Best(() =>
        {
            Tensor x = nn.functional.relu(nn.functional.linear(input, w[0], w[1]));
            x = nn.functional.relu(nn.functional.linear(x, w[2], w[3]));
            IList<Tensor> gradients = autograd.grad(
                [nn.functional.cross_entropy(nn.functional.linear(x, w[4], w[5]), labels)], w);
            using (no_grad())
            {
                for (int i = 0; i < w.Length; i++)
                {
                    w[i].add_(gradients[i], -0.01f);
                }
            }
        });
        return new PeerTime(modules, "modules, torch.optim.SGD").Or(new PeerTime(functions, "functions"));
    }

    /// <summary>A Hessian-vector product of the mean cross-entropy in evaluation mode, by double backward.</summary>
    /// <param name="network">Of which network.</param>
    /// <param name="batch">The images.</param>
    public PeerTime HessianProduct(string network, int batch)
    {
        return Measure(false).Or(Measure(true));

        PeerTime Measure(bool channelsLast)
        {
            using DisposeScope scope = Begin();
            using LibtorchCurvature curvature = new(network, batch, channelsLast);
            return new PeerTime(
                Best(curvature.Product), channelsLast ? "double backward, channels last" : "double backward");
        }
    }

    /// <summary>The same of <c>WideResNet</c> on 32×32 colour images in 10 classes, running statistics included.</summary>
    /// <param name="depth">6n + 4.</param>
    /// <param name="widen">The widening factor.</param>
    /// <param name="batch">The images of the batch.</param>
    public PeerTime WideResNetStep(int depth, int widen, int batch)
    {
        return Measure(false).Or(Measure(true));

        PeerTime Measure(bool channelsLast)
        {
            using DisposeScope scope = Begin();
            using LibtorchWideResNet model = new(depth, widen, 10);
            Tensor input = randn(batch, 3, 32, 32), labels = randint(10, batch, dtype: ScalarType.Int64);
            if (channelsLast)
            {
                input = Leaf(input, true).detach();
                using (no_grad())
                {
                    foreach (TorchSharp.Modules.Parameter parameter in model.parameters().Where(
                        parameter => parameter.dim() == 4))
                    {
                        parameter.set_(Leaf(parameter, true).detach());
                    }
                }
            }

            using optim.Optimizer sgd = optim.SGD(model.parameters(), 0.01);
            double best = Best(() =>
            {
                sgd.zero_grad();
                nn.functional.cross_entropy(model.forward(input), labels).backward();
                sgd.step();
            });
            return new PeerTime(best, channelsLast ? "modules, channels last" : "modules");
        }
    }

    /// <summary>The same of a transformer encoder: post-norm layers with ReLU, four times as wide within, and a linear layer of
    /// the mean over places.</summary>
    /// <param name="embedding">The length of a token.</param>
    /// <param name="heads">The attention's heads.</param>
    /// <param name="layers">The layers.</param>
    /// <param name="batch">The sequences of the batch.</param>
    /// <param name="length">The length of a sequence.</param>
    public PeerTime EncoderStep(int embedding, int heads, int layers, int batch, int length)
    {
        return Measure(false).Or(Measure(true));

        PeerTime Measure(bool functions)
        {
            using DisposeScope scope = Begin();
            using LibtorchEncoder model = new(embedding, heads, layers, functions);
            Tensor input = randn(batch, length, embedding), labels = randint(10, batch, dtype: ScalarType.Int64);
            using optim.Optimizer sgd = optim.SGD(model.parameters(), 0.01);
            double best = Best(() =>
            {
                sgd.zero_grad();
                nn.functional.cross_entropy(model.forward(input), labels).backward();
                sgd.step();
            });
            return new PeerTime(best, functions ? "scaled_dot_product_attention" : "modules");
        }
    }

    /// <summary>A depthwise 3×3 convolution with padding 1 and no bias, forward.</summary>
    /// <param name="channels">The channels.</param>
    /// <param name="size">Height and width of the images.</param>
    /// <param name="batch">The number of images.</param>
    public PeerTime Depthwise3x3(int channels, int size, int batch)
    {
        using DisposeScope scope = Begin();
        using IDisposable gradients = no_grad();
        return Measure(false).Or(Measure(true));

        PeerTime Measure(bool channelsLast)
        {
            using DisposeScope tensors = NewDisposeScope();
            Tensor x = Leaf(randn(batch, channels, size, size), channelsLast), w = Leaf(randn(channels, 1, 3, 3), channelsLast);
            return new PeerTime(
                Best(() => nn.functional.conv2d(x, w, padding: [1, 1], groups: channels)),
                channelsLast ? "channels last" : "contiguous");
        }
    }

    /// <summary>Pooling by 3×3 windows two places apart, with padding 1, or its gradient.</summary>
    /// <param name="average">Whether it averages; else it takes the maximum.</param>
    /// <param name="gradient">Whether to time the gradient alone.</param>
    /// <param name="channels">The channels.</param>
    /// <param name="size">Height and width of the images.</param>
    /// <param name="batch">The number of images.</param>
    public PeerTime Pool(bool average, bool gradient, int channels, int size, int batch)
    {
        using DisposeScope scope = Begin();
        return Measure(false).Or(Measure(true));

        PeerTime Measure(bool channelsLast)
        {
            using DisposeScope tensors = NewDisposeScope();
            Tensor x = Leaf(randn(batch, channels, size, size), channelsLast);
            Tensor output = Pooled(x), dy = ones_like(output).detach();
            Tensor plain = x.detach();
            Action work = gradient ? () => autograd.grad([output], [x], [dy], retain_graph: true) : () => Pooled(plain);
            return new PeerTime(Best(work), channelsLast ? "channels last" : "contiguous");
        }

        Tensor Pooled(Tensor of) => average
            ? nn.functional.avg_pool2d(of, [3, 3], [2, 2], [1, 1])
            : nn.functional.max_pool2d(of, [3, 3], [2, 2], [1, 1]);
    }

    /// <summary>Algorithm 1's perturbation and, with Adam as OPT, its update of all parameters in one flat tensor.</summary>
    /// <param name="parameters">The number of parameters.</param>
    /// <param name="inPlace">Whether each operation works in place where libtorch has such a form, or the formulas are written as
    /// expressions.</param>
    public PeerTime PerturbedAdam(int parameters, bool inPlace)
    {
        using DisposeScope scope = Begin();
        using IDisposable gradients = no_grad();
        LibtorchPerturbedAdam work = new(parameters);
        return inPlace ? new(Best(() => work.PerturbInPlace(3)) + Best(work.UpdateInPlace), "in place")
            : new(Best(() => work.PerturbByExpressions(3)) + Best(work.UpdateByExpressions), "expressions");
    }

    /// <summary>The product of two n × n matrices.</summary>
    /// <param name="n">Rows and columns.</param>
    public PeerTime MatrixProduct(int n) => MatrixProduct(n, n, n);

    /// <summary>The product of an m × k and a k × n matrix.</summary>
    public PeerTime MatrixProduct(int m, int k, int n)
    {
        using DisposeScope scope = Begin();
        using IDisposable gradients = no_grad();
        Tensor a = randn(m, k), b = randn(k, n), c = empty(m, n);
        PeerTime fresh = new(Best(() => mm(a, b).Dispose()), "mm");
        return fresh.Or(new PeerTime(Best(() => c.addmm_(a, b, 0, 1)), "addmm_"));
    }

    /// <summary>A pass of a convolution without bias.</summary>
    /// <param name="pass">Which.</param>
    /// <param name="shape">The convolution.</param>
    /// <param name="batch">The number of images.</param>
    internal PeerTime Convolution(ConvolutionPass pass, ConvolutionShape shape, int batch)
    {
        using DisposeScope scope = Begin();
        long[] strides = [shape.Stride, shape.Stride], padding = [shape.Padding, shape.Padding];
        return Measure(false).Or(Measure(true));

        PeerTime Measure(bool channelsLast)
        {
            using DisposeScope tensors = NewDisposeScope();
            Tensor input = Leaf(randn(batch, shape.Inputs, shape.Size, shape.Size), channelsLast);
            Tensor weight = Leaf(randn(shape.Outputs, shape.Inputs, shape.Kernel, shape.Kernel), channelsLast);
            Tensor gradient = Leaf(randn(batch, shape.Outputs, shape.OutputSize, shape.OutputSize), channelsLast).detach();

            // Only one of the two needs a gradient, so that the engine computes only that.
            bool ofInput = pass == ConvolutionPass.InputGradient, ofWeight = pass == ConvolutionPass.WeightGradient;
            Tensor x = ofInput ? input : input.detach(), w = ofWeight ? weight : weight.detach();
            Tensor output = nn.functional.conv2d(x, w, strides: strides, padding: padding);
            Action work = pass == ConvolutionPass.Forward
                ? () => nn.functional.conv2d(x, w, strides: strides, padding: padding)
                : () => autograd.grad([output], [ofInput ? x : w], [gradient], retain_graph: true);
            return new PeerTime(Best(work), channelsLast ? "channels last" : "contiguous");
        }
    }

    /// <summary>
    /// A leaf that takes gradients, with the same values, a four-dimensional one in memory as (N, H, W, C) if asked for.
    /// </summary>
    private static Tensor Leaf(Tensor values, bool channelsLast)
    {
        Tensor laidOut = channelsLast && values.dim() == 4 ? values.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2) : values;
        return laidOut.detach().requires_grad_();
    }

    private DisposeScope Begin()
    {
        set_num_threads(threads);
        manual_seed(1);
        return NewDisposeScope();
    }

    /// <summary>The least that a formulation had in use at its peak, in bytes; 0 where that is not known.</summary>
    public long LeastPeak { get; private set; }

    /// <summary>Forgets the peaks so far.</summary>
    public void Forget() => LeastPeak = 0;

    /// <summary>The shortest of many runs, milliseconds a run. Runs below 0.2 ms are timed several together.</summary>
    private double Best(Action work)
    {
        double shortest = double.PositiveInfinity;
        if (ProcessMemory.IsKnown)
        {
            ProcessMemory.ResetPeak();
        }

        for (int warmUp = 0; warmUp < 4 && (warmUp == 0 || shortest < 1000 * seconds); warmUp++)
        {
            long begun = Stopwatch.GetTimestamp();
            Once();
            shortest = Math.Min(shortest, Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        int together = (int)Math.Clamp(Math.Ceiling(0.2 / shortest), 1, 1000);
        double best = double.PositiveInfinity;
        long started = Stopwatch.GetTimestamp();
        for (int sample = 0; sample < (shortest < 1000 * seconds ? 5 : 2)
            || Stopwatch.GetElapsedTime(started).TotalSeconds < seconds; sample++)
        {
            long begun = Stopwatch.GetTimestamp();
            for (int i = 0; i < together; i++)
            {
                Once();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(begun).TotalMilliseconds / together);
        }

        if (ProcessMemory.IsKnown)
        {
            LeastPeak = LeastPeak == 0 ? ProcessMemory.Peak : Math.Min(LeastPeak, ProcessMemory.Peak);
        }

        return best;

        void Once()
        {
            using DisposeScope temporaries = NewDisposeScope();
            work();
        }
    }
}
