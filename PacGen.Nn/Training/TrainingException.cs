namespace PacGen.Nn;

/// <summary>A run that cannot go on; the message says at which step, why, and what to change.</summary>
/// <param name="message">What happened.</param>
public sealed class TrainingException(string message) : Exception(message);
