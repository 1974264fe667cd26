namespace PacGen.Kernels;

/// <summary>Shapes that do not fit an operation; the message names the operation and the shapes.</summary>
/// <param name="message">What does not fit.</param>
public sealed class ShapeException(string message) : ArgumentException(message);
