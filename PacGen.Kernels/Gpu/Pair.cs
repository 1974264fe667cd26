namespace PacGen.Kernels;

/// <summary>Two floats that a GPU thread loads at once.</summary>
internal struct Pair
{
    public float X, Y;
}
