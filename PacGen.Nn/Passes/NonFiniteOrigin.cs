using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Where a pass over a batch first has a number that is not finite.</summary>
/// <param name="Layer">The module's path, or null where it is in none.</param>
/// <param name="Text">The place in a few words, for a message.</param>
/// <param name="Advice">What to do where that is not to lower the learning rate, or null.</param>
internal sealed record NonFiniteOrigin(string? Layer, string Text, string? Advice = null)
{
    /// <summary>
    /// The first parameter of a buffer of the arena's layout that has a number which is not finite; null where all are.
    /// </summary>
    /// <param name="arena">The parameters.</param>
    /// <param name="buffer">Their values, or their gradients.</param>
    /// <param name="order">In which order to look; the arena's without it.</param>
    public static (Parameter Parameter, float Value)? InArena(
        ParameterArena arena, DeviceBuffer buffer, IEnumerable<int>? order = null)
    {
        foreach (int i in order ?? Enumerable.Range(0, arena.Parameters.Count))
        {
            if (First(arena.Segment(buffer, i)) is { } value)
            {
                return (arena.Parameters[i], value);
            }
        }

        return null;
    }

    /// <summary>The first value of a region that is not finite, or null.</summary>
    public static float? First(Region region)
    {
        const int Piece = 1 << 16;
        float[] values = new float[Math.Min(Piece, region.Count)];
        for (long start = 0; start < region.Count; start += Piece)
        {
            Span<float> part = values.AsSpan(0, (int)Math.Min(Piece, region.Count - start));
            region.Slice(start, part.Length).Read(part);
            foreach (float value in part)
            {
                if (!float.IsFinite(value))
                {
                    return value;
                }
            }
        }

        return null;
    }

    /// <summary>The path of the module that has a parameter, or of its state, by its name.</summary>
    public static string? ModuleOf(string name) => name.LastIndexOf('.') is > 0 and int end ? name[..end] : null;
}
