using System.Globalization;

namespace PacGen.Nn;

/// <summary>
/// The blocks of a curvature matrix on its diagonal, one a layer. The value is the largest eigenvalue of any block, which is
/// never above the matrix's own; <see cref="Measurement.Layers"/> has each block's.
/// </summary>
public sealed record LayerCurvature : Measurement
{
    /// <summary>Whose blocks they are.</summary>
    public required CurvatureMatrix Matrix { get; init; }

    /// <summary>The blocks, in the network's order.</summary>
    public required IReadOnlyList<CurvatureBlock> Blocks { get; init; }

    /// <summary>The blocks in lines.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{string.Join("; ", Blocks)}; {Cost}");
}
