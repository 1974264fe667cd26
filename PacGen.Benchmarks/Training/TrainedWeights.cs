using PacGen.Benchmarks.CommandLine;
using PacGen.Benchmarks.Reporting;
using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>Weights that hours went into: where they can't be written as was asked, they are kept elsewhere.</summary>
internal static class TrainedWeights
{
    /// <summary>Writes the weights, or says where they are instead.</summary>
    /// <param name="trainer">Who has them.</param>
    /// <param name="save">Writes them into a file.</param>
    /// <param name="path">Where they were asked for.</param>
    /// <param name="checkpoints">Where they are besides; null for nowhere.</param>
    /// <param name="outcome">Where they are now.</param>
    /// <returns>Whether they are where they were asked for.</returns>
    public static bool Save(Trainer trainer, Action<string> save, string path, CheckpointOptions? checkpoints, out string outcome)
    {
        string what = trainer.StatisticsStep is not { } step || step == trainer.Steps ? $"weights after step {trainer.Steps}"
            : Prose.Line($"""
                weights after step {trainer.Steps}, with running statistics
                {(step < 0 ? "that were never estimated" : $"of step {step}")},
                """);
        try
        {
            save(path);
            outcome = $"{what} → {path}";
            return true;
        }
        catch (IOException error)
        {
            outcome = error.Message;
        }

        if (checkpoints is { } kept)
        {
            outcome += $" The weights are in the newest checkpoint of {kept.Folder}";
            return false;
        }

        string name = $"pacgen-weights-{Guid.NewGuid():N}.safetensors";
        foreach (string folder in (string[])[Environment.CurrentDirectory, Path.GetTempPath()])
        {
            try
            {
                string other = Path.Combine(folder, name);
                save(other);
                outcome += $" The {what} are in {other} instead";
                return false;
            }
            catch (IOException)
            {
                // The next one.
            }
        }

        outcome += " They could not be kept anywhere else either";
        return false;
    }
}
