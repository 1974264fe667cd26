using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>What a resumed run goes on from.</summary>
/// <param name="Path">The checkpoint.</param>
/// <param name="Steps">The steps that are in its weights.</param>
/// <param name="Epochs">The epochs that were completed.</param>
/// <param name="Damaged">Newer checkpoints that could not be used: one line each, what is wrong with it.</param>
public sealed record Resumption(string Path, long Steps, int Epochs, IReadOnlyList<string> Damaged)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => $"{Printable.Name(Path)}: {Steps} steps, {Epochs} epochs " +
        $"done{(Damaged.Count == 0 ? "" : $"; passed over: {string.Join("; ", Damaged)}")}";
}
