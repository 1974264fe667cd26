namespace PacGen.Kernels;

/// <summary>A kernel of products that is being compared with others, and into how many parts it splits the terms.</summary>
/// <param name="Kernel">The kernel and its tile.</param>
/// <param name="Splits">The parts; null for as many as otherwise.</param>
internal sealed record ProductVariant(string Kernel, int? Splits = null);
