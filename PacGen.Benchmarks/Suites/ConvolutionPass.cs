namespace PacGen.Benchmarks.Suites;

/// <summary>One of a convolution's three passes.</summary>
public enum ConvolutionPass
{
    /// <summary>Output from input and weight.</summary>
    Forward,

    /// <summary>The input's gradient from the output's and the weight.</summary>
    InputGradient,

    /// <summary>The weight's gradient from the output's and the input.</summary>
    WeightGradient,
}
