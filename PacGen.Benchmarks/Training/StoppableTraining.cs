using PacGen.Nn;

namespace PacGen.Benchmarks.Training;

/// <summary>Training that somebody may stop, and whose results are of use all the same.</summary>
internal static class StoppableTraining
{
    /// <summary>Trains as far as it comes: what was done before a stop is in the trainer.</summary>
    /// <param name="trainer">The run.</param>
    /// <param name="onEpoch">Called after each epoch.</param>
    /// <param name="progress">Notified some times a second.</param>
    /// <param name="stop">Stops the run after the present step.</param>
    /// <exception cref="TrainingException">A number became NaN or infinite; the message says where.</exception>
    public static void RunUntilStopped(
        this Trainer trainer, Action<EpochResult>? onEpoch, IProgress<TrainingProgress>? progress, CancellationToken stop)
    {
        try
        {
            trainer.Run(onEpoch, progress, stop);
        }
        catch (OperationCanceledException stopped) when (stopped.CancellationToken == stop)
        {
            // Also where another process was asked to stop: trainer.Results lacks epochs then.
        }
    }
}
