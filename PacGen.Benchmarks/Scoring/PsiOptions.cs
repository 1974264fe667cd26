using System.CommandLine;
using PacGen.Benchmarks.CommandLine;
using PacGen.Core.Perturbation;
using PacGen.Nn;

namespace PacGen.Benchmarks.Scoring;

/// <summary>The options of the score Ψ.</summary>
internal sealed class PsiOptions : OptionGroup
{
    private const int LargestDefaultShare = 1024, SmallestDefaultPart = 8;

    // With 9 draws the ends of the interval are the second and the eighth, clear of the extremes; 50 where a pass costs little.
    private const int FewDraws = 9, ManyDraws = 50;

    // Weights times images of all passes of a score: tens of seconds on two cores.
    private const double AffordableWork = 5e9;

    private readonly bool each;

    private readonly Option<double> gamma = Options.Number(
        "--psi-gamma", "γ of Ψ's neighbourhood κ = γ|w| + ε (Definition 4)", Interval.Gamma, 0.1);
    private readonly Option<double> epsilon = Options.Number(
        "--psi-epsilon", "ε of Ψ's neighbourhood κ = γ|w| + ε (Definition 4)", Interval.Epsilon, 0.1);

    private readonly Option<string> rho = Options.Choice(
        "--psi-rho",
        Prose.Line("""
        How ρ(w*) is estimated; published varies by orders of magnitude from draw to draw, median is its median over u at the changes
        of h that were seen
        """),
        "median",
        "median",
        "published",
        "definition3");

    private readonly Option<int?> images;
    /// <summary>The batch size of Ψ's passes.</summary>
    public Option<int?> BatchSize { get; } = Options.Count(
        "--psi-batch-size",
        Prose.Line($"""
        Images whose mean gradient is squared for h, which depends on it, and Ψ with it: scores compare at one batch size; without
        it {ScoreOptions.DefaultBatchSize}, whatever training's is
        """));

    private readonly Option<int?> draws;

    /// <param name="each">
    /// Whether a score is wanted after each epoch: then few images do, and one estimator of ρ is chosen.
    /// </param>
    public PsiOptions(bool each)
    {
        this.each = each;
        string few =
            $", 0 for all; without it an eighth, at most {LargestDefaultShare}, so that scoring costs less than training";
        images = Options.Count(
            "--psi-images", $"Training samples that h is taken from{(each ? few : ", 0 for all")}", 0, each ? null : 0);
        string number = each ? $"{FewDraws}" : $"{FewDraws} to {ManyDraws}, more for a smaller network and fewer samples";
        draws = Options.Count(
            "--psi-draws",
            Prose.Line($"""
                Perturbations u that ρ is the median of, a pass over the images each; from 6 on there is an interval; without it
                {number}
                """));
    }

    public override string Title => "Score Ψ";

    public override IReadOnlyList<Option> All => [gamma, epsilon, .. each ? (Option[])[rho] : [], images, BatchSize, draws];

    /// <summary>How to score.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="available">The training images that there are.</param>
    /// <param name="parameters">The network's weights.</param>
    /// <param name="seed">The run's seed.</param>
    /// <param name="trained">The batch size of h of training, where h is that; else null.</param>
    public ScoreOptions Create(ParseResult parsed, int available, long parameters, ulong seed, int? trained = null)
    {
        int? given = parsed.GetValue(images);
        int batch = trained ?? parsed.GetValue(BatchSize)
            ?? Math.Min(ScoreOptions.DefaultBatchSize, given > 0 ? Math.Min(given.Value, available) : available);
        int count = given ?? Modest(available, batch);
        int seen = count == 0 ? available : count;
        if (given > available)
        {
            throw new UsageException(
                $"--psi-images is {given}, but there are {available} training samples: use at most as many.");
        }

        if (batch > seen)
        {
            string whose = given > 0 ? "samples of --psi-images" : "training samples";
            string what = trained is null ? "--psi-batch-size" : "With --curvature training the batch size is training's and";
            throw new UsageException($"{what} is {batch}, but must be at most the {seen} {whose}.");
        }

        return new ScoreOptions
        {
            Neighborhood = new Neighborhood(parsed.GetValue(gamma), parsed.GetValue(epsilon)),
            Images = count,
            BatchSize = batch,
            Draws = parsed.GetValue(draws)
                ?? (each ? FewDraws : (int)Math.Clamp(AffordableWork / ((double)parameters * seen), FewDraws, ManyDraws)),
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

    /// <summary>
    /// Whole batches of at most an eighth of the images: with nine draws, little more than what training on all of them costs.
    /// </summary>
    public static int Modest(int available, int batch) =>
        Math.Min(available, Math.Max(1, Math.Min(LargestDefaultShare, available / SmallestDefaultPart) / batch) * batch);
}
