using MathNet.Numerics.LinearAlgebra;

namespace PacGen.Nn;

/// <summary>
/// Measures how heavy the tails of the spectra of a network's layers are, without data, as WeightWatcher does (Martin, Peng and
/// Mahoney 2021, <see href="https://doi.org/10.1038/s41467-021-24025-8">Nature Communications 12:4122</see>): the eigenvalues λ
/// of WᵀW of each layer, a <see cref="PowerLaw"/> fitted to them, and the mean over the layers. A convolution's kernel is a
/// matrix (inputs, outputs) at each of its positions, whose eigenvalues are taken together; nothing is normalised.
/// </summary>
public static class HeavyTails
{
    // Below this share of the largest, an eigenvalue is a matter of rounding, or of a matrix's lower rank.
    private const double Least = 1e-10;

    /// <summary>Measures one of the quantities.</summary>
    /// <param name="subject">The network; no pass is taken.</param>
    /// <param name="options">Which quantity; α without it.</param>
    /// <param name="progress">Notified at the end.</param>
    /// <param name="cancellation">Looked at before.</param>
    /// <returns>The quantity, with its value for each layer.</returns>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 3 eigenvalues are to do.</exception>
    /// <exception cref="InvalidOperationException">No layer has as many eigenvalues, or a weight's matrix isn't
    /// known.</exception>
    /// <exception cref="TrainingException">A weight is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static NamedMeasurement Measure(
        EmpiricalLoss subject, HeavyTailOptions? options = null, IProgress<MeasureProgress>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(subject);
        options ??= new HeavyTailOptions();
        options.Validate();
        cancellation.ThrowIfCancellationRequested();
        Obstacles.Require(Obstacle(subject, options.FewestEigenvalues));
        LayerSpectrum[] spectra = SpectraOf(subject, options.FewestEigenvalues);
        double[] parts = [.. spectra.Select(spectrum => Part(spectrum, options.Quantity))];
        double value = parts.Average();
        progress?.Report(new MeasureProgress("spectra of layers", 1, 1));
        return new NamedMeasurement
        {
            Name = NameOf(options.Quantity),
            Value = value,
            Uncertainty = options.Quantity == HeavyTailQuantity.Exponent
                ? Uncertainty.Within(
                    value, Math.Sqrt(spectra.Sum(spectrum => Math.Pow(spectrum.Law.StandardError, 2))) / spectra.Length,
                    "one standard error of the fits")
                : Uncertainty.Rounding(value),
            Cost = default,
            Layers = [.. spectra.Zip(parts, (spectrum, part) => new LayerValue(spectrum.Name, part))],
        };
    }

    /// <summary>A row of <see cref="Measures.All"/>.</summary>
    internal static Measure Row(HeavyTailQuantity quantity, string description) => new(
        NameOf(quantity), description, true, "no data; layers of 10 eigenvalues or more",
        (subject, _, progress, cancellation) =>
            Measure(subject, new HeavyTailOptions { Quantity = quantity }, progress, cancellation),
        subject => Obstacle(subject, new HeavyTailOptions().FewestEigenvalues));

    private static string NameOf(HeavyTailQuantity quantity) => quantity switch
    {
        HeavyTailQuantity.Exponent => "tail-exponent",
        HeavyTailQuantity.WeightedExponent => "weighted-tail-exponent",
        HeavyTailQuantity.LogNorm => "log-norm",
        HeavyTailQuantity.LogSpectralNorm => "log-spectral-norm",
        HeavyTailQuantity.LogAlphaNorm => "log-alpha-norm",
        _ => throw new ArgumentOutOfRangeException(nameof(quantity), quantity, "There is no such quantity."),
    };

    private static double Part(LayerSpectrum spectrum, HeavyTailQuantity quantity) => quantity switch
    {
        HeavyTailQuantity.WeightedExponent => spectrum.Law.Alpha * Math.Log10(spectrum.Eigenvalues[0]),
        HeavyTailQuantity.LogNorm => Math.Log10(spectrum.Eigenvalues.Sum()),
        HeavyTailQuantity.LogSpectralNorm => Math.Log10(spectrum.Eigenvalues[0]),
        HeavyTailQuantity.LogAlphaNorm =>
            Math.Log10(spectrum.Eigenvalues.Sum(value => Math.Pow(value, spectrum.Law.Alpha))),
        _ => spectrum.Law.Alpha,
    };

    private static string? Obstacle(EmpiricalLoss subject, int fewest) => NetworkLayers.Of(subject).Unknown
        ?? (SpectraOf(subject, fewest).Length > 0 ? null
            : $"No layer has {fewest} different eigenvalues or more: a power law fits anything.");

    private static LayerSpectrum[] SpectraOf(EmpiricalLoss subject, int fewest)
    {
        return subject.Once((nameof(HeavyTails), fewest), Find);

        LayerSpectrum[] Find()
        {
            double[] weights = [.. subject.Arena.Save().Select(weight => (double)weight)];
            List<LayerSpectrum> found = [];
            foreach (WeightMatrix layer in NetworkLayers.Of(subject).Matrices)
            {
                Matrix<double> whole = layer.Of(weights);
                double[] eigenvalues = [.. Enumerable.Range(0, whole.RowCount / layer.Inputs)
                    .SelectMany(position => MatrixSpectrum.Squares(
                        whole.SubMatrix(position * layer.Inputs, layer.Inputs, 0, layer.Outputs)))
                    .OrderDescending()];
                eigenvalues = [.. eigenvalues.TakeWhile(value => value > Least * eigenvalues[0])];
                if (eigenvalues.Length >= fewest && PowerLaw.Fit(eigenvalues) is { } law)
                {
                    found.Add(new LayerSpectrum(layer.Name, eigenvalues, law));
                }
            }

            return [.. found];
        }
    }

    /// <summary>A layer's eigenvalues, largest first, and their law.</summary>
    private sealed record LayerSpectrum(string Name, double[] Eigenvalues, PowerLaw Law);
}
