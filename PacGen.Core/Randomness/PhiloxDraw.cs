namespace PacGen.Core.Randomness;

/// <summary>
/// Which of <see cref="Philox"/>'s numbers a pass takes: element i of the arena has the word of (seed, stream, step, i).
/// </summary>
/// <param name="seed">The seed.</param>
/// <param name="stream">The stream.</param>
/// <param name="step">The step.</param>
public readonly struct PhiloxDraw(ulong seed, uint stream, uint step)
{
    /// <summary>The words of the seed, the stream and the step.</summary>
    public readonly uint Key0 = (uint)seed, Key1 = (uint)(seed >> 32), Stream = stream, Step = step;
}
