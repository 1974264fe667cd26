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
    /// <summary>Whether the value is 1 or more (or NaN), so that it says nothing about a loss in [0, 1].</summary>
    public bool IsVacuous => !(Value < 1d);

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
            BoundStatus.Bound => "a bound",
            BoundStatus.ConditionalBound => "a bound if what is assumed holds",
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
