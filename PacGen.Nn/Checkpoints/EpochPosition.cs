namespace PacGen.Nn;

/// <summary>Where an epoch stands.</summary>
/// <param name="Batch">The batches that are done.</param>
/// <param name="Seen">The images in them.</param>
/// <param name="LossSum">The sum of their steps' losses, each times its images.</param>
/// <param name="Seconds">The time that they took.</param>
internal readonly record struct EpochPosition(int Batch, int Seen, double LossSum, double Seconds);
