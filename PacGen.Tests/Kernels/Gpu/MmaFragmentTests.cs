using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Which lane holds what of mma.m16n8k8 in TF32, against the figures of the PTX manual and by multiplying on the host.
/// </summary>
internal sealed class MmaFragmentTests
{
    // The manual's figure for A: its row 0 is T0:a0 T1:a0 T2:a0 T3:a0 T0:a2 T1:a2 T2:a2 T3:a2, its row 8 the same with a1 and a3;
    // rows 1
    // to 7 and 9 to 15 are those of threads 4 to 7, 8 to 11 and so on.
    [Test]
    public void AIsTheManualsFigure()
    {
        for (int row = 0; row < 16; row++)
        {
            for (int term = 0; term < 8; term++)
            {
                int lane = (4 * (row % 8)) + (term % 4), register = (row < 8 ? 0 : 1) + (term < 4 ? 0 : 2);
                Assert.That((MmaFragment.RowOfA(lane, register), MmaFragment.TermOfA(lane, register)), Is.EqualTo((row, term)));
            }
        }
    }

    // For B: its column 0 is T0:b0 T1:b0 T2:b0 T3:b0 T0:b1 T1:b1 T2:b1 T3:b1, column 1 that of threads 4 to 7, and so on.
    [Test]
    public void BIsTheManualsFigure()
    {
        for (int column = 0; column < 8; column++)
        {
            for (int term = 0; term < 8; term++)
            {
                int lane = (4 * column) + (term % 4), register = term < 4 ? 0 : 1;
                Assert.That((MmaFragment.TermOfB(lane, register), MmaFragment.ColumnOfB(lane)), Is.EqualTo((term, column)));
            }
        }
    }

    // For C: its row 0 is T0:c0 T0:c1 T1:c0 T1:c1 T2:c0 T2:c1 T3:c0 T3:c1, row 8 the same with c2 and c3.
    [Test]
    public void CIsTheManualsFigure()
    {
        for (int row = 0; row < 16; row++)
        {
            for (int column = 0; column < 8; column++)
            {
                int lane = (4 * (row % 8)) + (column / 2), register = (column % 2) + (row < 8 ? 0 : 2);
                Assert.That(
                    (MmaFragment.RowOfC(lane, register), MmaFragment.ColumnOfC(lane, register)), Is.EqualTo((row, column)));
            }
        }
    }

    /// <summary>
    /// A warp's 64 × 32 numbers of a tile's eight terms, on the host: each lane's registers filled as
    /// <see cref="TensorSums{TFactors}"/> fills them, the instruction done as the manual defines it, and the lane's sums put
    /// where it puts them.
    /// </summary>
    [Test]
    public void AWarpsFragmentsMultiplyMatrices()
    {
        const int Rows = 64, Columns = 32, Terms = 8;
        int[,] a = new int[Rows, Terms], b = new int[Terms, Columns], c = new int[Rows, Columns];
        Random random = new(3);
        for (int term = 0; term < Terms; term++)
        {
            for (int row = 0; row < Rows; row++)
            {
                a[row, term] = random.Next(-99, 99);
            }

            for (int column = 0; column < Columns; column++)
            {
                b[term, column] = random.Next(-99, 99);
            }
        }

        for (int i = 0; i < 4; i++)
        {
            for (int j = 0; j < 4; j++)
            {
                // What the manual says the warp's registers mean to the instruction.
                int[,] left = new int[16, 8], right = new int[8, 8];
                for (int lane = 0; lane < 32; lane++)
                {
                    for (int register = 0; register < 4; register++)
                    {
                        int row = TensorSums<Tf32Factors>.Row(i, MmaFragment.RowOfA(lane, register)),
                            term = TensorSums<Tf32Factors>.Term(
                            MmaFragment.TermOfA(lane, register));
                        left[(lane / 4) + (8 * (register & 1)), (lane % 4) + (4 * (register >> 1))] = a[row, term];
                    }

                    for (int register = 0; register < 2; register++)
                    {
                        int term = TensorSums<Tf32Factors>.Term(MmaFragment.TermOfB(lane, register)),
                            column = TensorSums<Tf32Factors>.Column(
                            j, MmaFragment.ColumnOfB(lane));
                        right[(lane % 4) + (4 * register), lane / 4] = b[term, column];
                    }
                }

                for (int lane = 0; lane < 32; lane++)
                {
                    for (int register = 0; register < 4; register++)
                    {
                        int sum = 0;
                        for (int term = 0; term < 8; term++)
                        {
                            sum += left[(lane / 4) + (8 * (register >> 1)), term] * right[
                                term, (2 * (lane % 4)) + (register & 1)];
                        }

                        c[TensorSums<Tf32Factors>.Row(i, MmaFragment.RowOfC(lane, register)), TensorSums<Tf32Factors>.Column(
                            j, MmaFragment.ColumnOfC(lane, register))] = sum;
                    }
                }
            }
        }

        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                Assert.That(
                    c[row, column], Is.EqualTo(Enumerable.Range(0, Terms).Sum(term => a[row, term] * b[term, column])),
                    $"{row}, {column}");
            }
        }
    }

    [Test]
    public void RoundsToTenBitsTiesAwayFromZero()
    {
        Random random = new(5);
        float[] numbers = [
            0f, -0f, 1f, 1f + (1f / 2048), 1f + (3f / 2048), -1f - (1f / 2048), 1e-39f, float.PositiveInfinity,
            .. Enumerable.Range(0, 1000).Select(_ => BitConverter.Int32BitsToSingle(random.Next(0x0100_0000, 0x7F00_0000)))];
        foreach (float number in numbers)
        {
            float rounded = BitConverter.Int32BitsToSingle(TensorCore.Round(number));
            double ulp = float.IsInfinity(number) ? 1
                : Math.ScaleB(1, Math.Max(number == 0 ? -126 : Math.ILogB(number), -126) - 10);
            double expected = float.IsInfinity(number) ? number : Math.Round(number / ulp, MidpointRounding.AwayFromZero) * ulp;
            Assert.That((double)rounded, Is.EqualTo(expected), $"{number:R}");
        }

        Assert.That(BitConverter.Int32BitsToSingle(TensorCore.Round(float.NaN)), Is.NaN);
    }
}
