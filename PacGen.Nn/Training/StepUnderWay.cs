namespace PacGen.Nn;

/// <summary>A training step that was submitted, and what it was.</summary>
/// <param name="Epoch">The epoch, counted from 1.</param>
/// <param name="Batch">Which batch of the epoch, from 0.</param>
/// <param name="Count">The batch's images.</param>
/// <param name="Rate">The learning rate.</param>
/// <param name="Loss">The batch's mean loss, once it is known.</param>
internal readonly record struct StepUnderWay(int Epoch, int Batch, int Count, double Rate, float Loss);
