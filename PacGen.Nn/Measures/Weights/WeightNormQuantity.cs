namespace PacGen.Nn;

/// <summary>What <see cref="WeightNorm"/> computes of all m weights: matrices, biases, factors of batch norm.</summary>
public enum WeightNormQuantity
{
    /// <summary>‖w‖₂².</summary>
    FromOrigin,

    /// <summary>‖w − w₀‖₂², w₀ the weights from which training began.</summary>
    FromInit,
}
