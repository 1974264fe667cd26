using System.Globalization;
using System.Text.Json.Serialization;
using PacGen.Core.Perturbation;
using PacGen.Core.Statistics;

namespace PacGen.Nn;

/// <summary>
/// The pacGen score Ψ (24) of a network: Σ log((|w|+κ)·max(√(h + ρ√m·κ), 1/κ)), κ = γ|w| + ε. It ranks networks of the same
/// architecture on the same data (smaller is better); it is a score, not a bound, and certifies nothing: (24) drops η and
/// constants of (14), and takes τ = |w| + κ from the trained weights.
/// </summary>
/// <remarks>
/// ρ varies from draw to draw of u, some draws being far above the others, so that a mean over draws depends on which of these
/// came. ρ is therefore the median over draws, and Ψ, which grows with ρ, is Ψ at that ρ: the median of the draws' Ψ. Order
/// statistics give both an interval for the median of all draws that assumes nothing of their distribution
/// (<see cref="SampleMedian"/>). The interval is over u alone: h comes from the same batches in every draw.
/// </remarks>
public sealed record PacGenScore : Measurement
{
    /// <summary>Ψ at <see cref="Rho"/>: its median over the draws of u.</summary>
    public double Psi => Value;

    /// <summary>
    /// An interval for the median of Ψ over all draws of u, at 95 %; null with fewer than 6 draws, which give none.
    /// </summary>
    public required ConfidenceInterval? PsiInterval { get; init; }

    /// <summary>ρ(w*), the median over the draws, by <see cref="Estimator"/>.</summary>
    public required double Rho { get; init; }

    /// <summary>An interval for the median of ρ over all draws of u, at 95 %; null with fewer than 6 draws.</summary>
    public required ConfidenceInterval? RhoInterval { get; init; }

    /// <summary>How ρ was estimated.</summary>
    public required RhoEstimator Estimator { get; init; }

    /// <summary>ρ of each draw.</summary>
    public required IReadOnlyList<double> RhoDraws { get; init; }

    /// <summary>Ψ's first part: Σ log(|w| + κ).</summary>
    public required double LogScale { get; init; }

    /// <summary>Ψ's second part: Σ log max(√(h + ρ√m·κ), 1/κ).</summary>
    public double LogCurvature => Psi - LogScale;

    /// <summary>
    /// The share of weights for which 1/κ is the larger branch: where it is near 1, Ψ is a function of |w| alone.
    /// </summary>
    public required double KappaShare { get; init; }

    /// <summary>m, the number of parameters.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>γ and ε of κ.</summary>
    public required Neighborhood Neighborhood { get; init; }

    /// <summary>Where h came from.</summary>
    public required CurvatureSource Curvature { get; init; }

    /// <summary>Whether h of training is corrected for its start at 0.</summary>
    public bool BiasCorrection { get; init; }

    /// <summary>How many images the passes saw.</summary>
    public required int Images { get; init; }

    /// <summary>Images in each mini-batch whose gradient was squared.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Which images and batches these were: <see cref="ScoreOptions.ImageSeed"/>.</summary>
    public required ulong ImageSeed { get; init; }

    /// <summary>How many perturbations were drawn.</summary>
    public int Draws => RhoDraws.Count;

    /// <summary>Each parameter's part.</summary>
    [JsonPropertyName("Layers")]
    public required IReadOnlyList<LayerScore> LayerScores
    {
        get;
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            field = value;
            Layers = [.. value.Select(layer => new LayerValue(layer.Name, layer.Psi))];
        }
    }

    /// <summary>Each parameter's part at the ends of ρ's interval; empty with too few draws for one.</summary>
    internal (IReadOnlyList<LayerScore> Low, IReadOnlyList<LayerScore> High) LayersAt { get; init; } = ([], []);

    /// <summary>
    /// By how much h has to be multiplied to have the scale of certificates, a mean over images: the batch size where it is
    /// a mean of squared gradients of batches, near a minimum; else 1.
    /// </summary>
    public int CertificateScale => Curvature is CurvatureSource.Pass or CurvatureSource.Training ? BatchSize : 1;

    /// <summary>What makes this score and another incomparable, in words; empty where they compare.</summary>
    /// <param name="other">The other score.</param>
    /// <remarks>
    /// Scores compare only for networks of one architecture on the same data, which the scores themselves do not know.
    /// </remarks>
    public IReadOnlyList<string> DifferencesFrom(PacGenScore other)
    {
        ArgumentNullException.ThrowIfNull(other);
        List<string> differences = [];
        void Differ<T>(string what, T mine, T its)
        {
            if (!EqualityComparer<T>.Default.Equals(mine, its))
            {
                differences.Add(string.Create(CultureInfo.InvariantCulture, $"{what} ({mine} and {its})"));
            }
        }

        Differ("the number of weights", ParameterCount, other.ParameterCount);
        Differ("the neighbourhood", Neighborhood, other.Neighborhood);
        Differ("the estimator of ρ", Estimator, other.Estimator);
        Differ("where h comes from", Curvature, other.Curvature);
        Differ("whether h is corrected for its start at 0", BiasCorrection, other.BiasCorrection);
        Differ("the batch size of its pass", BatchSize, other.BatchSize);
        Differ("the number of images of its pass", Images, other.Images);
        Differ("the seed that chose them", ImageSeed, other.ImageSeed);
        return differences;
    }

    /// <summary>Ψ with its interval, such as <c>5,115 (95 %: 5,066 to 5,164)</c>; with too few draws for one, that.</summary>
    public string PsiText => PsiInterval is { } interval
        ? string.Create(CultureInfo.InvariantCulture, $"{Number(Psi)} (95 %: {Number(interval.Low)} to {Number(interval.High)})")
        : string.Create(CultureInfo.InvariantCulture, $"{Number(Psi)} ({Draws} {(Draws == 1 ? "draw" : "draws")}: no interval)");

    /// <summary>One line for people.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"Ψ {PsiText}, 1/κ branch for {KappaShare:P0} of {ParameterCount:N0} weights; ρ {Rho:G3} ({Estimator}, median of " +
            $"{Draws} draws); {Neighborhood}; h from {Source}");

    private string Source => Curvature switch
    {
        CurvatureSource.Training =>
            $"training{(BiasCorrection ? ", corrected for its start at 0," : "")} in batches of {BatchSize}",
        CurvatureSource.GaussNewton => $"the Gauss–Newton diagonal on {Images} images in batches of {BatchSize}",
        CurvatureSource.EmpiricalFisher => $"the empirical Fisher diagonal on {Images} images in batches of {BatchSize}",
        CurvatureSource.Hessian => $"the Hessian's diagonal on {Images} images",
        _ => $"{Images} images in batches of {BatchSize}",
    };

    private static string Number(double value) =>
        value.ToString(Math.Abs(value) is >= 100 and < 1e9 ? "N0" : "G4", CultureInfo.InvariantCulture);
}
