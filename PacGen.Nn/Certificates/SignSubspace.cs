using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A subspace of the weights' space through a point w₀: wᵢ = w₀ᵢ + sᵢ·z_c, c = i mod d, with random signs sᵢ of a seed. Its d
/// directions are orthogonal, each of about m/d weights, and applying them costs m operations.
/// </summary>
internal sealed class SignSubspace
{
    private const uint SignStream = 0x6365_7300;
    private readonly float[] signs;
    private readonly int dimensions;

    /// <param name="count">m.</param>
    /// <param name="dimensions">d, 1 to m.</param>
    /// <param name="seed">The run's seed.</param>
    public SignSubspace(int count, int dimensions, ulong seed)
    {
        this.dimensions = dimensions;
        signs = new float[count];
        for (int i = 0; i < count; i++)
        {
            signs[i] = (Philox.Word(seed, SignStream, 0, i) >> 31) == 0 ? 1 : -1;
        }
    }

    /// <summary>The point of z.</summary>
    public float[] Point(ReadOnlySpan<float> origin, ReadOnlySpan<float> z)
    {
        float[] point = origin.ToArray();
        for (int i = 0; i < point.Length; i++)
        {
            point[i] += signs[i] * z[i % dimensions];
        }

        return point;
    }

    /// <summary>The z whose point is nearest to w: of each direction the mean of sᵢ(wᵢ − w₀ᵢ).</summary>
    public float[] Coordinates(ReadOnlySpan<float> origin, ReadOnlySpan<float> weights)
    {
        double[] sums = new double[dimensions];
        int[] counts = new int[dimensions];
        for (int i = 0; i < signs.Length; i++)
        {
            sums[i % dimensions] += signs[i] * ((double)weights[i] - origin[i]);
            counts[i % dimensions]++;
        }

        return [.. sums.Zip(counts, (sum, count) => (float)(sum / count))];
    }

    /// <summary>
    /// The gradient by z, spread to the weights again: of all weights of a direction the same number but for the sign, so that
    /// any rule that moves coordinates apart, and treats signs alike, stays in the subspace.
    /// </summary>
    public Tensor Project(Tensor gradient)
    {
        int count = signs.Length, rows = (count + dimensions - 1) / dimensions;
        Tensor sign = Tensor.Constant(new Shape(count), signs);
        Tensor sum = (gradient * sign).Pad(0, 0, (rows * dimensions) - count).Reshape(rows, dimensions).Sum([0], true);
        return sum.BroadcastTo(new Shape(rows, dimensions)).Reshape(rows * dimensions).Slice(0, 0, count) * sign;
    }
}
