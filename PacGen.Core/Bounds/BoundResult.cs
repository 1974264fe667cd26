using System.Globalization;
using System.Text;

namespace PacGen.Core.Bounds;

/// <summary>A number of the theory together with its parts and with what it guarantees.</summary>
/// <param name="Name">What it is: "Lemma 6 (13)".</param>
/// <param name="Value">The bound on the expected loss; may exceed 1, and then says nothing.</param>
/// <param name="Status">Whether it is a bound, a bound under <paramref name="Assumptions"/>, or a score.</param>
/// <param name="Terms">Its parts.</param>
/// <param name="Assumptions">What it takes for granted; empty for an unconditional bound.</param>
public sealed record BoundResult(
    string Name, double Value, BoundStatus Status, IReadOnlyList<BoundTerm> Terms, IReadOnlyList<Assumption> Assumptions)
{
    /// <summary>
    /// The probability, over the sample and all draws, with which the bound may fail: δ, δ + δ′ where draws are in it, 0 for a
    /// step that holds always; NaN for a score.
    /// </summary>
    public double FailureProbability { get; init; } = double.NaN;

    /// <summary>Whether the value bounds from below, where all others bound from above.</summary>
    public bool IsLower { get; init; }

    /// <summary>Whether the value (1 or more, of a lower bound 0, or NaN) says nothing about a loss in [0, 1].</summary>
    public bool IsVacuous => IsLower ? !(Value > 0d) : !(Value < 1d);

    /// <summary>
    /// Puts this upper limit of the posterior's empirical loss into an inequality that grows with that loss, as all do here: what
    /// both assume is assumed, and what each may fail with is added up.
    /// </summary>
    /// <param name="inequality">The inequality as a function of the empirical loss, such as loss => MaurerSeeger.Bound(loss, kl,
    /// n, delta).</param>
    /// <returns>The inequality's result with the parts and assumptions of both.</returns>
    /// <exception cref="InvalidOperationException">This is a lower bound, or the inequality gives one.</exception>
    public BoundResult Into(Func<double, BoundResult> inequality)
    {
        ArgumentNullException.ThrowIfNull(inequality);
        BoundResult outer = inequality(Math.Clamp(Value, 0, 1));
        if (IsLower || outer.IsLower)
        {
            throw new InvalidOperationException($"{Name} goes into {outer.Name} only where both bound from above.");
        }

        BoundStatus status = (BoundStatus)Math.Max((int)Status, (int)outer.Status);
        return new BoundResult(
            $"{outer.Name}, of {Name}", outer.Value, status, [.. Terms, .. outer.Terms],
            status == BoundStatus.Score ? [] : [.. Assumptions.Union(outer.Assumptions)])
        {
            FailureProbability = status == BoundStatus.Score ? double.NaN : FailureProbability + outer.FailureProbability,
        };
    }

    /// <summary>The value of the part of that name.</summary>
    /// <param name="name">The name, as in <see cref="Terms"/>.</param>
    /// <exception cref="KeyNotFoundException">No part has that name; the message lists those that there are.</exception>
    public double Term(string name)
    {
        foreach (BoundTerm term in Terms)
        {
            if (term.Name == name)
            {
                return term.Value;
            }
        }

        throw new KeyNotFoundException(
            $"{Name} has no term '{name}'; it has {string.Join(", ", Terms.Select(t => $"'{t.Name}'"))}.");
    }

    /// <summary>Name, value, status, parts and assumptions, over several lines.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        string status = Status switch
        {
            BoundStatus.Bound => IsLower ? "a lower bound" : "a bound",
            BoundStatus.ConditionalBound => $"a {(IsLower ? "lower " : "")}bound if what is assumed holds",
            _ => "a score, not a bound",
        };
        text.Append(CultureInfo.InvariantCulture, $"{Name}: {Value:G6} ({status}{(IsVacuous ? ", vacuous" : "")})");
        foreach (BoundTerm term in Terms)
        {
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"  {term.Name} = {term.Value:G6}");
        }

        foreach (Assumption assumption in Assumptions)
        {
            text.AppendLine().Append(CultureInfo.InvariantCulture, $"  assumes {assumption.Name}: {assumption.Statement}");
        }

        return text.ToString();
    }
}
