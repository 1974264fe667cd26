using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;

namespace PacGen.Benchmarks.Scoring;

/// <summary>The options of the score Ψ.</summary>
internal sealed class PsiOptions
{
    private const int LargestDefaultShare = 1024, SmallestDefaultPart = 8;

    private readonly Option<double?> gamma = Options.Number("--psi-gamma", "γ of Ψ's neighbourhood κ = γ|w| + ε (Definition 4)", Interval.NotNegative, 0.1);
    private readonly Option<double?> epsilon = Options.Number("--psi-epsilon", "ε of Ψ's neighbourhood κ = γ|w| + ε (Definition 4)", Interval.Positive, 0.1);

    private readonly Option<string> rho = Options.Choice(
        "--psi-rho", "How ρ(w*) is estimated; published varies by orders of magnitude from draw to draw, median is its median in closed form", "median", "median", "published", "definition3");

    private readonly Option<int?> images;

    private readonly Option<int?> batchSize;

    private readonly Option<int?> draws = Options.Count("--psi-draws", "Perturbations u that ρ is averaged over", 1, 3);

    /// <param name="each">Whether a score is wanted after each epoch: then few images do.</param>
    public PsiOptions(bool each)
    {
        images = Options.Count(
            "--psi-images",
            each
                ? $"Training images that h is taken from, 0 for all; without it an eighth, at most {LargestDefaultShare}, so that scoring costs less than training"
                : "Training images that h is taken from, 0 for all",
            0,
            each ? null : 0);
        batchSize = Options.Count("--psi-batch-size", "Images whose mean gradient is squared for h, which depends on it; without it that of training, or a part's with --accumulate");
    }

    /// <summary>The options.</summary>
    public IReadOnlyList<Option> All => [gamma, epsilon, rho, images, batchSize, draws];

    /// <summary>Gives a verb these options.</summary>
    /// <param name="command">The verb.</param>
    /// <param name="withRho">Whether the estimator of ρ is to be chosen.</param>
    public void AddTo(Command command, bool withRho = true)
    {
        foreach (Option option in All.Where(option => withRho || option != rho))
        {
            command.Add(option);
        }
    }

    /// <summary>How to score.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="available">The training images that there are.</param>
    /// <param name="trainingBatch">Images of a training step.</param>
    /// <param name="seed">The run's seed.</param>
    public ScoreOptions Create(ParseResult parsed, int available, int trainingBatch, ulong seed)
    {
        int batch = parsed.GetValue(batchSize) ?? trainingBatch;
        int count = parsed.GetValue(images) ?? Modest(available, batch);
        int seen = count == 0 ? available : count;
        if ((parsed.GetValue(images) is > 0 || parsed.GetValue(batchSize) is not null) && (count > available || batch > seen))
        {
            throw new UsageException(
                $"--psi-images {count} and --psi-batch-size {batch} don't go together with {available} training images: at most {available} images, in batches of at most as many.");
        }

        return new ScoreOptions
        {
            Gamma = parsed.GetValue(gamma)!.Value,
            Epsilon = parsed.GetValue(epsilon)!.Value,
            Images = count,
            BatchSize = batch,
            Draws = parsed.GetValue(draws)!.Value,
            Seed = seed,
        };
    }

    /// <summary>The estimator of ρ that a command line asks for.</summary>
    public RhoEstimator Rho(ParseResult parsed) => parsed.GetValue(rho) switch
    {
        "published" => RhoEstimator.Published,
        "definition3" => RhoEstimator.Definition3,
        _ => RhoEstimator.Median,
    };

    /// <summary>Whole batches of at most an eighth of the images: with three draws, half of what training on all of them costs.</summary>
    public static int Modest(int available, int batch) =>
        Math.Min(available, Math.Max(1, Math.Min(LargestDefaultShare, available / SmallestDefaultPart) / batch) * batch);
}
