namespace PacGen.Kernels;

/// <summary>
/// The summed dimension as a micro-kernel walks it: <paramref name="Outer"/> runs of <paramref name="Inner"/> terms. In a matrix
/// that is one run; in an image a run is the part of a window that lies in one line of the image.
/// </summary>
/// <param name="Outer">The number of runs.</param>
/// <param name="Inner">The terms of a run.</param>
/// <param name="Step">From a term to the next, in the rows' memory.</param>
/// <param name="Skip">From behind a run to the next run, in the rows' memory.</param>
/// <param name="PanelSkip">How many terms of the panel lie between two runs.</param>
internal readonly record struct Summation(int Outer, int Inner, nint Step = 1, nint Skip = 0, nint PanelSkip = 0);
