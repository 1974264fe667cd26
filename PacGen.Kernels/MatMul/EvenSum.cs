namespace PacGen.Kernels;

/// <summary>The summed dimension of rows that lie evenly in memory, and what a tile of them asks for meanwhile.</summary>
/// <param name="Terms">The number of terms.</param>
/// <param name="Row">From a row to the next.</param>
/// <param name="Step">From a row's term to the next.</param>
/// <param name="PanelStep">From a term of the panel to the next.</param>
/// <param name="Adds">Whether the sums are added to what is there.</param>
/// <param name="Ahead">How far ahead of a tile's first row its first term asks for memory.</param>
/// <param name="AheadStep">How much further each term after it does; 0 where none asks.</param>
internal readonly record struct EvenSum(
    int Terms, nint Row, nint Step, nint PanelStep, bool Adds, nint Ahead, nint AheadStep);
