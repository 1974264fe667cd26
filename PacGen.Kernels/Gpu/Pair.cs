namespace PacGen.Kernels;

/// <summary>Two floats that a GPU thread loads at once.</summary>
internal struct Pair(float x, float y)
{
    public float X = x, Y = y;
}
