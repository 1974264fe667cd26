namespace PacGen.Core.Randomness;

/// <summary>Which of <see cref="Philox"/>'s numbers a pass takes: element i of the arena has the word of (seed, stream, step, i).</summary>
/// <param name="Key0">The low word of the seed.</param>
/// <param name="Key1">The high word of the seed.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Step">The step.</param>
public readonly record struct PhiloxDraw(uint Key0, uint Key1, uint Stream, uint Step);
