using PacGen.Benchmarks.CommandLine;
using NoiseSchedule = PacGen.Core.Perturbation.NoiseSchedule;

namespace PacGen.Benchmarks.Runs;

/// <summary>A way of training that is compared with others: the plain optimizer, the same perturbed, or another method.</summary>
/// <param name="Eta">η of Algorithm 1, or null for the plain optimizer.</param>
/// <param name="Gamma">γ of Algorithm 1, or null for the plain optimizer.</param>
internal sealed record RunArm(double? Eta, double? Gamma)
{
    /// <summary>The optimizer without perturbation.</summary>
    public static RunArm Plain { get; } = new(null, null);

    /// <summary>A method at values of its setting; at one alone where it has no setting.</summary>
    public static IEnumerable<RunArm> Of(Method method, IEnumerable<double> values) => method.Setting.Length == 0
        ? [new RunArm(null, null) { Method = method }]
        : values.Select(value => new RunArm(null, null) { Method = method, Value = value });

    /// <summary>The method; null for Algorithm 1 with the pair of numbers, and for the plain optimizer beside it.</summary>
    public Method? Method { get; init; }

    /// <summary>The value of the method's setting; null where it has none.</summary>
    public double? Value { get; init; }

    /// <summary>How Algorithm 1's noise changes over the epochs: as in the listing, if nothing else is said.</summary>
    public NoiseSchedule Schedule { get; init; } = NoiseSchedule.Logarithmic;

    /// <summary>The gradients of a step: with two of them, a run of equal cost has half the epochs.</summary>
    public int Passes => Method?.Passes ?? 1;

    /// <summary>Its name for people where η is the same for all.</summary>
    public string Name => Method is { } method ? method.At(Value) : Gamma is null ? "plain" : $"perturbed, γ = {Gamma}";

    /// <summary>Its name for people where η differs too.</summary>
    public string Pair => Gamma is null ? Name : $"η = {Eta}, γ = {Gamma}{(IsListed ? "" : $", {Schedule}")}";

    /// <summary>Refuses epochs that one of some ways of training would not have half of.</summary>
    /// <exception cref="UsageException">One takes more gradients a step than divide the epochs.</exception>
    public static void RequireWholeEpochs(IEnumerable<RunArm> arms, int epochs)
    {
        if (arms.FirstOrDefault(arm => epochs % arm.Passes != 0) is { Method: { } method })
        {
            throw new UsageException(Prose.Line($"""
                --epochs is {epochs}, but {method.Name} takes {method.Passes} gradients a step and half the epochs: use an even
                number.
                """));
        }
    }

    /// <summary>Its name in a folder's.</summary>
    public string Key => Method is { } method ? $"{method.Name}{(Value is { } value ? $"-{value}" : "")}"
        : Gamma is null ? "plain" : $"eta-{Eta}-gamma-{Gamma}{(IsListed ? "" : $"-{Divisor}-{Schedule.WarmUp}")}";

    private string Divisor => Schedule.IsConstant ? "constant" : "log";

    private bool IsListed => Schedule == NoiseSchedule.Logarithmic;
}
