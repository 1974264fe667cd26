namespace PacGen.Benchmarks.Peers;

/// <summary>The best times of a convolution's three passes.</summary>
/// <param name="Forward">Output from input and weight.</param>
/// <param name="BackwardInput">The input's gradient from the output's and the weight.</param>
/// <param name="BackwardWeight">The weight's gradient from the output's and the input.</param>
public readonly record struct PeerConvolutionTime(PeerTime Forward, PeerTime BackwardInput, PeerTime BackwardWeight);
