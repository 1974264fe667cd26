using MathNet.Numerics.LinearAlgebra.Factorization;

namespace PacGen.Nn;

/// <summary>
/// Estimates the spectral density of ∇²L̂, or of another curvature matrix, at a network's weights by stochastic Lanczos
/// quadrature: for a random v of ±1, the eigenvalues of Lanczos's tridiagonal matrix stand for the spectrum, each with the
/// squared first component of its eigenvector (Ubaru, Chen and Saad 2017, <see href="https://doi.org/10.1137/16M1104974">doi
/// 10.1137/16M1104974</see>; for networks Ghorbani and others 2019, <see href="https://arxiv.org/abs/1901.10159">arXiv
/// 1901.10159</see>).
/// </summary>
public static class LanczosQuadrature
{
    private const uint Stream = 0x736C_7100;

    /// <summary>Estimates the density.</summary>
    /// <param name="subject">L̂ of the network; left at its weights.</param>
    /// <param name="options">How to draw; defaults without it.</param>
    /// <param name="progress">Notified after each product.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>The density, with the nodes and weights it is made of.</returns>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static SpectralDensity Measure(
        EmpiricalLoss subject, SpectralDensityOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new SpectralDensityOptions();
        options.Validate();
        PassCost before = subject.Cost;
        subject.MoveToWeights();
        List<SpectralNode> nodes = [];
        List<double> dimensions = [];
        // Each probe in work keeps a vector a product.
        const long MostKept = 1L << 27;
        int together = (int)Math.Clamp(
            MostKept / ((long)options.Products * subject.Count), 1, new ProductBlock(subject, options.Probes).Count);
        List<LanczosProcess> processes = [];
        for (int probe = 0; probe < options.Probes; probe++)
        {
            double[] start = new double[subject.Count];
            RandomSigns.Fill(start, options.Seed, Stream, (uint)probe);
            processes.Add(new LanczosProcess(start));
            if (processes.Count == together || probe == options.Probes - 1)
            {
                Advance(probe + 1 - processes.Count);
                processes.ForEach(Read);
                processes.Clear();
            }
        }

        // Probes take their products together, which share a pass.
        void Advance(int before)
        {
            List<LanczosProcess> open = [.. processes];
            while (open.Count > 0)
            {
                (double[] Vector, double[] Product)[] asked = [.. open.Select(process => process.Begin())];
                subject.Products(
                    options.Matrix, [.. asked.Select(one => one.Vector)], [.. asked.Select(one => one.Product)], cancellation);
                open.ForEach(process => process.End());
                open.RemoveAll(process => process.Steps >= options.Products || process.IsExhausted);
                progress?.Report(new MeasureProgress(
                    "spectral density", (before * options.Products) + processes.Sum(process => process.Steps),
                    options.Probes * options.Products));
            }
        }

        void Read(LanczosProcess process)
        {
            Evd<double> spectrum = process.Spectrum();
            double dimension = 0;
            for (int k = 0; k < process.Steps; k++)
            {
                double eigenvalue = spectrum.EigenValues[k].Real, mass = Math.Pow(spectrum.EigenVectors[0, k], 2);
                nodes.Add(new SpectralNode(eigenvalue, mass / options.Probes));
                dimension += subject.Count * mass * Math.Max(eigenvalue, 0) / (Math.Max(eigenvalue, 0) + options.Alpha);
            }

            dimensions.Add(dimension);
        }

        MeanEstimate mean = MeanEstimate.Of(dimensions);
        return new SpectralDensity
        {
            Value = mean.Value,
            Uncertainty = mean.Draws > 1 ? Uncertainty.Of(mean)
                : new Uncertainty(double.NaN, double.NaN, "one random vector"),
            Cost = subject.Cost - before,
            Matrix = options.Matrix,
            Nodes = [.. nodes.OrderBy(node => node.Eigenvalue)],
            Count = subject.Count,
            Probes = options.Probes,
            Alpha = options.Alpha,
        };
    }
}
