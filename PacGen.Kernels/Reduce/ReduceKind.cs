namespace PacGen.Kernels;

/// <summary>How a reduction combines elements.</summary>
public enum ReduceKind
{
    /// <summary>Their sum.</summary>
    Sum,

    /// <summary>The largest; NaN if one of them is NaN.</summary>
    Max,
}
