using System.Runtime.CompilerServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>
/// Weights (3, 3, C, OC) as the gradient by the images multiplies them: a square for each output channel, turned round, its
/// channels C. Neighbouring threads read neighbouring output channels.
/// </summary>
/// <param name="channels">C.</param>
/// <param name="outputs">OC.</param>
internal struct WinogradTurnedWeights(int channels, int outputs) : IWinogradSource
{
    private int channels = channels, outputs = outputs;

    /// <inheritdoc/>
    public static bool AlongSquares => true;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Place(int square) => new() { Index = square };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Quad Load(ArrayView<float> memory, Digits place, int channel, int row, int column, int number)
    {
        int at = ((((8 - number) * channels) + channel) * outputs) + place.Index;
        return new Quad(memory[at], memory[at + outputs], memory[at + (2 * outputs)], memory[at + (3 * outputs)]);
    }
}
