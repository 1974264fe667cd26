using System.Globalization;
using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;
using GaussianNoise = PacGen.Core.Perturbation.GaussianNoise;
using SigmaLevel = PacGen.Core.Perturbation.SigmaLevel;

namespace PacGen.Benchmarks.Runs;

/// <summary>A way of training that is compared with others, with one setting of its own.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="Title">What a table calls it.</param>
/// <param name="Setting">The setting's symbol; "" where it has none.</param>
/// <param name="Range">The values that the setting may have.</param>
/// <param name="Grid">Those that are tried where no others are given; the second is taken where none is chosen.</param>
/// <param name="Apply">What it makes of plain training, at a value of the setting.</param>
/// <param name="Passes">The gradients of a step.</param>
internal sealed record Method(
    string Name, string Title, string Setting, Interval Range, double[] Grid, Func<Recipe, double, Recipe> Apply, int Passes = 1)
{
    /// <summary>Whether it is what the others are compared with.</summary>
    public bool IsPlain => Name == "plain";

    /// <summary>The methods by their names, plain training first. Another is a row here.</summary>
    public static IReadOnlyList<Method> All { get; } =
    [
        new("plain", "plain", "", default, [], (plain, _) => plain),
        new("weight-decay", "weight decay", "λ", Interval.NotNegative, [0.001, 0.003, 0.01], (plain, decay) => plain with
        {
            Optimizer = plain.WithDecay(decay),
        }),
        new("adamw", "AdamW", "λ", Interval.NotNegative, [0.01, 0.1, 1], (plain, decay) => plain with
        {
            Optimizer = new AdamW(plain.Optimizer.LearningRate, weightDecay: decay),
        }),
        new("dropout", "dropout", "p", Interval.Fraction, [0.1, 0.3], (plain, p) => plain with
        {
            Model = plain.Model with { Dropout = p },
        }),
        new("perturbed", "Perturbed OPT", "γ", Interval.Gamma, [0.5, 1, 2], (plain, gamma) => plain with
        {
            Optimizer = plain.Perturbed(gamma),
        }),
        new("two-point", "Perturbed OPT at ±u", "γ", Interval.Gamma, [0.5, 1, 2], (plain, gamma) => plain with
        {
            Optimizer = plain.Perturbed(gamma) with { TwoPoint = true },
        }, 2),
        new("kappa", "Perturbed OPT, σ = κ", "γ", Interval.Gamma, [0.5, 1, 2], (plain, gamma) => plain with
        {
            Optimizer = plain.Perturbed(gamma, SigmaLevel.Kappa),
        }),
        new("gaussian", "plain Gaussian noise", "γ", Interval.Gamma, [0.1, 0.15, 0.2], (plain, gamma) => plain with
        {
            Optimizer = plain.Perturbed(gamma, SigmaLevel.Fixed).WithNoise<GaussianNoise>(),
        }),
        new("gaussian-kappa", "Gaussian noise, σ = κ", "γ", Interval.Gamma, [0.3, 0.6, 1.2], (plain, gamma) => plain with
        {
            Optimizer = plain.Perturbed(gamma, SigmaLevel.Kappa).WithNoise<GaussianNoise>(),
        }),
        new("sam", "SAM", "ρ", Interval.Positive, [0.05, 0.1, 0.2], (plain, rho) => plain with
        {
            Optimizer = new SharpnessAware(plain.Optimizer, rho),
        }, 2),
        new("asam", "ASAM", "ρ", Interval.Positive, [0.5, 1, 2], (plain, rho) => plain with
        {
            Optimizer = SharpnessAware.Adaptive(plain.Optimizer, rho),
        }, 2),
        new("swa", "SWA", "from", Interval.Fraction, [0.5, 0.75], (plain, start) => plain with
        {
            // The mean of weights that the rate has brought to a halt would be theirs.
            Options = plain.Options with
            {
                Schedule = LearningRateSchedule.Constant,
                Average = WeightAveraging.Swa((int)(start * plain.Options.Epochs) + 1),
            },
        }),
        new("ema", "EMA", "decay", Interval.Fraction, [0.98, 0.99, 0.995], (plain, decay) => plain with
        {
            Options = plain.Options with { Average = WeightAveraging.Ema(decay) },
        }),
        new("ivon", "IVON", "rate", Interval.Positive, [0.03, 0.1, 0.3], (plain, rate) => plain with
        {
            // The authors' β₂ of 0.99999 is for a hundred thousand steps: in the hundreds that these runs have, h would stay h₀.
            Optimizer = new Ivon(rate, beta2: 0.998),
        }),
    ];

    /// <summary>The method at a value of its setting, for people.</summary>
    public string At(double? value) => value is null ? Title : $"{Title}, {Setting} {value}";

    /// <summary>An option that takes methods, each with values of its setting or without.</summary>
    /// <param name="name">The option.</param>
    /// <param name="what">What becomes of them, and of one without values.</param>
    /// <param name="values">The values of a method's setting that are taken where none are given.</param>
    public static System.CommandLine.Option<RunArm[]?> Option(
        string name, string what, Func<Method, IEnumerable<double>> values) => Options.Make<RunArm[]?>(
        name,
        "methods",
        Prose.Line($"""
            {what}: {string.Join(", ", All.Select(method => method.Name))}; several with commas between them, values of its
            setting behind =, such as perturbed=0.5:1,sam
            """),
        word =>
        {
            List<RunArm> arms = [];
            foreach (string[] part in word.Split(',').Select(part => part.Trim().Split('=')))
            {
                if (All.FirstOrDefault(one => one.Name.Equals(part[0], StringComparison.OrdinalIgnoreCase)) is not { } method)
                {
                    string meant = Nearest.To(part[0], [.. All.Select(one => one.Name)]) is { } near ? $"; did you mean {near}?"
                        : $": they are {string.Join(", ", All.Select(one => one.Name))}.";
                    return ([], $"{name}: there is no method '{part[0]}'{meant}");
                }

                if (part.Length > 1 && (part.Length > 2 || method.Setting.Length == 0))
                {
                    return ([], $"{name}: '{string.Join('=', part)}' is no method with values of its setting.");
                }

                string[] words = part.Length == 1 ? [] : part[1].Split(':');
                double[] given = [.. words.Select(
                    one => double.TryParse(one, NumberStyles.Float, CultureInfo.InvariantCulture, out double x)
                        ? x : double.NaN)];
                if (given.Any(value => !method.Range.Contains(value) || method.Range.Lost(value).Length > 0))
                {
                    return ([], $"{name}: {part[0]}'s {method.Setting} is '{part[1]}', but must be in {method.Range}.");
                }

                arms.AddRange(RunArm.Of(method, words.Length > 0 ? given : values(method)));
            }

            return arms.Distinct().Count() == arms.Count ? ([.. arms], null) : ([], $"{name} has a method twice: '{word}'.");
        });
}
