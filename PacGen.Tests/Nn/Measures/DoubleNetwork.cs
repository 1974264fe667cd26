namespace PacGen.Tests.Nn;

/// <summary>A network in double precision, layer by layer and image by image, with gradients by hand: what measures are held
/// against.</summary>
/// <param name="layers">The layers, first to last.</param>
internal sealed class DoubleNetwork(params DoubleNetwork.Layer[] layers)
{
    /// <summary>The numbers behind a layer: height, width, channels; features are channels of one pixel.</summary>
    public readonly record struct Extent(int Height, int Width, int Channels)
    {
        public int Count => Height * Width * Channels;
    }

    /// <summary>The layers, first to last.</summary>
    public IReadOnlyList<Layer> Layers => layers;

    /// <summary>The logits of an image.</summary>
    public double[] Logits(double[] weights, double[] image)
    {
        double[] x = image;
        int at = 0;
        foreach (Layer layer in layers)
        {
            x = layer.Forward(weights.AsSpan(at, layer.Weights), x);
            at += layer.Weights;
        }

        return x;
    }

    /// <summary>The cross-entropy of an image, and its gradient.</summary>
    public (double Loss, double[] Gradient) Loss(double[] weights, double[] image, int label)
    {
        List<double[]> inputs = [image];
        int at = 0;
        foreach (Layer layer in layers)
        {
            inputs.Add(layer.Forward(weights.AsSpan(at, layer.Weights), inputs[^1]));
            at += layer.Weights;
        }

        double[] softmax = Softmax(inputs[^1]), gradient = new double[weights.Length];
        double[] back = [.. softmax.Select((p, c) => p - (c == label ? 1 : 0))];
        for (int i = layers.Length - 1; i >= 0; i--)
        {
            at -= layers[i].Weights;
            back = layers[i].Backward(
                weights.AsSpan(at, layers[i].Weights), inputs[i], back, gradient.AsSpan(at, layers[i].Weights));
        }

        return (-Math.Log(softmax[label]), gradient);
    }

    /// <summary>The mean cross-entropy of images, and its gradient.</summary>
    public (double Loss, double[] Gradient) Mean(double[] weights, double[][] images, int[] labels)
    {
        double loss = 0;
        double[] gradient = new double[weights.Length];
        for (int n = 0; n < images.Length; n++)
        {
            (double one, double[] g) = Loss(weights, images[n], labels[n]);
            loss += one / images.Length;
            for (int i = 0; i < g.Length; i++)
            {
                gradient[i] += g[i] / images.Length;
            }
        }

        return (loss, gradient);
    }

    /// <summary>The share of images whose label has the largest logit.</summary>
    public double Accuracy(double[] weights, double[][] images, int[] labels)
    {
        int right = 0;
        for (int n = 0; n < images.Length; n++)
        {
            double[] logits = Logits(weights, images[n]);
            right += logits.Where((_, c) => c != labels[n]).All(other => other < logits[labels[n]]) ? 1 : 0;
        }

        return (double)right / images.Length;
    }

    public static double[] Softmax(double[] logits)
    {
        double sum = logits.Sum(logit => Math.Exp(logit - logits.Max()));
        return [.. logits.Select(logit => Math.Exp(logit - logits.Max()) / sum)];
    }

    public abstract record Layer(int Weights)
    {
        public abstract double[] Forward(ReadOnlySpan<double> w, double[] x);

        public abstract double[] Backward(ReadOnlySpan<double> w, double[] x, double[] gy, Span<double> gw);
    }

    public sealed record Relu() : Layer(0)
    {
        public override double[] Forward(ReadOnlySpan<double> w, double[] x) => [.. x.Select(value => Math.Max(value, 0))];

        public override double[] Backward(ReadOnlySpan<double> w, double[] x, double[] gy, Span<double> gw) =>
            [.. x.Zip(gy, (value, g) => value > 0 ? g : 0)];
    }

    /// <summary>A convolution without padding; a linear layer is one whose kernel is the image.</summary>
    public sealed record Conv(Extent In, int Kernel, int Outputs) : Layer((Kernel * Kernel * In.Channels * Outputs) + Outputs)
    {
        private int Height => In.Height - Kernel + 1;

        private int Width => In.Width - Kernel + 1;

        public override double[] Forward(ReadOnlySpan<double> w, double[] x)
        {
            double[] y = new double[Height * Width * Outputs];
            for (int k = 0; k < y.Length; k++)
            {
                y[k] = w[^(Outputs - (k % Outputs))];
            }

            foreach ((int from, int to, int weight) in Terms())
            {
                y[to] += x[from] * w[weight];
            }

            return y;
        }

        public override double[] Backward(ReadOnlySpan<double> w, double[] x, double[] gy, Span<double> gw)
        {
            double[] gx = new double[x.Length];
            for (int k = 0; k < gy.Length; k++)
            {
                gw[^(Outputs - (k % Outputs))] += gy[k];
            }

            foreach ((int from, int to, int weight) in Terms())
            {
                gx[from] += gy[to] * w[weight];
                gw[weight] += gy[to] * x[from];
            }

            return gx;
        }

        private IEnumerable<(int From, int To, int Weight)> Terms() =>
            from i in Enumerable.Range(0, Height)
            from j in Enumerable.Range(0, Width)
            from p in Enumerable.Range(0, Kernel)
            from q in Enumerable.Range(0, Kernel)
            from c in Enumerable.Range(0, In.Channels)
            from o in Enumerable.Range(0, Outputs)
            select (
                ((((i + p) * In.Width) + j + q) * In.Channels) + c, (((i * Width) + j) * Outputs) + o,
                (((((p * Kernel) + q) * In.Channels) + c) * Outputs) + o);
    }

    /// <summary>y = x·W + b.</summary>
    public static Conv Linear(int inputs, int outputs) => new(new Extent(1, 1, inputs), 1, outputs);

    /// <summary>The largest of 2×2 pixels.</summary>
    public sealed record MaxPool(Extent In) : Layer(0)
    {
        public override double[] Forward(ReadOnlySpan<double> w, double[] x) => [.. Places(x).Select(place => x[place])];

        public override double[] Backward(ReadOnlySpan<double> w, double[] x, double[] gy, Span<double> gw)
        {
            double[] gx = new double[x.Length];
            foreach ((int place, double g) in Places(x).Zip(gy))
            {
                gx[place] += g;
            }

            return gx;
        }

        private IEnumerable<int> Places(double[] x) =>
            from i in Enumerable.Range(0, In.Height / 2)
            from j in Enumerable.Range(0, In.Width / 2)
            from c in Enumerable.Range(0, In.Channels)
            select Enumerable.Range(0, 4).Select(
                k => (((((2 * i) + (k / 2)) * In.Width) + (2 * j) + (k % 2)) * In.Channels) + c).MaxBy(place => x[place]);
    }

    /// <summary>Batch norm in evaluation: weight, then bias.</summary>
    public sealed record BatchNorm(double[] Mean, double[] Variance) : Layer(2 * Mean.Length)
    {
        public override double[] Forward(ReadOnlySpan<double> w, double[] x)
        {
            double[] y = new double[x.Length];
            for (int k = 0; k < x.Length; k++)
            {
                int c = k % Mean.Length;
                y[k] = ((x[k] - Mean[c]) / Math.Sqrt(Variance[c] + 1e-5) * w[c]) + w[Mean.Length + c];
            }

            return y;
        }

        public override double[] Backward(ReadOnlySpan<double> w, double[] x, double[] gy, Span<double> gw)
        {
            double[] gx = new double[x.Length];
            for (int k = 0; k < x.Length; k++)
            {
                int c = k % Mean.Length;
                double deviation = Math.Sqrt(Variance[c] + 1e-5);
                gw[c] += gy[k] * (x[k] - Mean[c]) / deviation;
                gw[Mean.Length + c] += gy[k];
                gx[k] = gy[k] * w[c] / deviation;
            }

            return gx;
        }
    }
}
