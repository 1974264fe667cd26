namespace PacGen.Nn;

/// <summary>The squared norms of a weight matrix W, and of W − W₀.</summary>
/// <param name="Name">The parameter's name.</param>
/// <param name="Spectral">‖W‖₂².</param>
/// <param name="Frobenius">‖W‖_F².</param>
/// <param name="SpectralTravel">‖W − W₀‖₂²; NaN where W₀ isn't known.</param>
/// <param name="FrobeniusTravel">‖W − W₀‖_F².</param>
internal sealed record LayerNorms(
    string Name, double Spectral, double Frobenius, double SpectralTravel, double FrobeniusTravel);
