using System.Collections.Immutable;

namespace PacGen.Kernels;

/// <summary>A map of one number a column behind the sums of a <see cref="ColumnPass"/>.</summary>
/// <param name="Expression">What it computes.</param>
/// <param name="Operands">Where each of its arguments stands among the pass's inputs, and behind these among its results, of
/// which it may read the sums and what earlier maps made; each has a number a column or one number.</param>
public sealed record ColumnMap(Expression Expression, ImmutableArray<int> Operands);
