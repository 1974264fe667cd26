using MathNet.Numerics.LinearAlgebra;
using PacGen.Core.Randomness;

namespace PacGen.Nn;

/// <summary>
/// A of Definition 2: p Gaussian columns of length 1, a function of the seed. They are kept where they fit into 256 MiB, else
/// drawn anew each time.
/// </summary>
internal sealed class RandomSubspace
{
    /// <summary>The most columns: their Gram matrix is factored.</summary>
    public const int MostDirections = 1000;

    private const uint ColumnStream = 0x7375_6241;
    private const long LargestKept = 1L << 26;
    private readonly int count;
    private readonly ulong seed;
    private readonly float[]?[] columns;
    private readonly bool keep;

    public RandomSubspace(int count, int directions, ulong seed)
    {
        this.count = count;
        this.seed = seed;
        columns = new float[directions][];
        keep = (long)count * directions <= LargestKept;
    }

    /// <summary>x + A·z.</summary>
    public void Move(float[] x, double[] z, float[] result)
    {
        double[] sum = [.. x.Select(value => (double)value)];
        for (int j = 0; j < z.Length; j++)
        {
            float[] column = Column(j);
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] += z[j] * column[i];
            }
        }

        for (int i = 0; i < sum.Length; i++)
        {
            result[i] = (float)sum[i];
        }
    }

    /// <summary>Aᵀ·v.</summary>
    public double[] Project(Func<int, double> v)
    {
        double[] result = new double[columns.Length];
        for (int j = 0; j < result.Length; j++)
        {
            float[] column = Column(j);
            for (int i = 0; i < count; i++)
            {
                result[j] += v(i) * column[i];
            }
        }

        return result;
    }

    /// <summary>A⁺x = (AᵀA)⁻¹Aᵀx, by Cholesky: the columns are linearly independent.</summary>
    public double[] PseudoInverse(float[] x)
    {
        int p = columns.Length;
        Matrix<double> gram = Matrix<double>.Build.Dense(p, p);
        for (int j = 0; j < p; j++)
        {
            float[] column = Column(j);
            for (int k = 0; k <= j; k++)
            {
                float[] other = Column(k);
                double sum = 0;
                for (int i = 0; i < count; i++)
                {
                    sum += (double)column[i] * other[i];
                }

                gram[j, k] = gram[k, j] = sum;
            }
        }

        return gram.Cholesky().Solve(Vector<double>.Build.Dense(Project(i => x[i]))).ToArray();
    }

    private float[] Column(int index)
    {
        if (columns[index] is { } kept)
        {
            return kept;
        }

        RandomStream random = new(seed, ColumnStream, (uint)index);
        double[] values = new double[count];
        double squares = 0;
        for (int i = 0; i < count; i++)
        {
            values[i] = random.NextGaussian();
            squares += values[i] * values[i];
        }

        double scale = 1 / Math.Sqrt(squares);
        float[] column = [.. values.Select(value => (float)(value * scale))];
        if (keep)
        {
            columns[index] = column;
        }

        return column;
    }
}
