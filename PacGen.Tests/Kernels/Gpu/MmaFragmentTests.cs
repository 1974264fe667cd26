using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>
/// Which lane holds what of mma.m16n8k8 in TF32 and of the shapes in bfloat16, against the figures of the PTX manual and by
/// multiplying on the host.
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

    /// <summary>
    /// mma.m16n8k16 of bfloat16 numbers, on the host, its registers read as the PTX manual's figures of that shape draw them: in
    /// A's row 0 the columns 0 to 15 are T0:a0,a1 T1:a0,a1 T2:a0,a1 T3:a0,a1 T0:a4,a5 T1:a4,a5 T2:a4,a5 T3:a4,a5, in row 8 the
    /// same with a2,a3 and a6,a7; B's column 0 is T0:b0,b1 … T3:b0,b1 T0:b2,b3 … T3:b2,b3; two neighbours are a register, the
    /// first its lower half. What <see cref="BFloat16Factors"/> packs from two fragments of eight terms is then multiplied to the
    /// product of the sixteen.
    /// </summary>
    [Test]
    public void PairsOfBFloat16AreTheManualsFigures()
    {
        const int Rows = 16, Columns = 8, Terms = 16;
        Random random = new(4);
        int[,] a = new int[Rows, Terms], b = new int[Terms, Columns];
        for (int i = 0; i < Rows * Terms; i++)
        {
            a[i / Terms, i % Terms] = random.Next(-99, 99);
            b[i % Terms, i / Terms % Columns] = random.Next(-99, 99);
        }

        int[,] left = new int[Rows, Terms], right = new int[Terms, Columns];
        for (int lane = 0; lane < MmaFragment.Lanes; lane++)
        {
            // Both fragments of eight terms, as the kernels load them.
            float[] FragmentOfA(int half) => [.. Enumerable.Range(0, 4).Select(register => (float)a[
                MmaFragment.RowOfA(lane, register), (8 * half) + MmaFragment.TermOfA(lane, register)])];
            float[] FragmentOfB(int half) => [.. Enumerable.Range(0, 2).Select(register => (float)b[
                (8 * half) + MmaFragment.TermOfB(lane, register), MmaFragment.ColumnOfB(lane)])];
            float[] a0 = FragmentOfA(0), a1 = FragmentOfA(1), b0 = FragmentOfB(0), b1 = FragmentOfB(1);
            Quad registersA = BFloat16Factors.Left(new(a0[0], a0[1], a0[2], a0[3]), new(a1[0], a1[1], a1[2], a1[3]));
            Quad registersB = BFloat16Factors.Right(new(b0[0], b0[1], b0[0], b0[1]), new(b1[0], b1[1], b1[0], b1[1]));
            Assert.That((registersB.Z, registersB.W), Is.EqualTo((registersB.X, registersB.Y)), "the second of two fragments");

            int row = lane / 4, column = lane / 4, first = 2 * (lane % 4);
            (left[row, first], left[row, first + 1]) = Halves(registersA.X);
            (left[row + 8, first], left[row + 8, first + 1]) = Halves(registersA.Y);
            (left[row, first + 8], left[row, first + 9]) = Halves(registersA.Z);
            (left[row + 8, first + 8], left[row + 8, first + 9]) = Halves(registersA.W);
            (right[first, column], right[first + 1, column]) = Halves(registersB.X);
            (right[first + 8, column], right[first + 9, column]) = Halves(registersB.Y);
        }

        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                Assert.That(
                    Enumerable.Range(0, Terms).Sum(term => left[row, term] * right[term, column]),
                    Is.EqualTo(Enumerable.Range(0, Terms).Sum(term => a[row, term] * b[term, column])), $"{row}, {column}");
            }
        }
    }

    /// <summary>The same of mma.m16n8k8, whose registers are the first half of those.</summary>
    [Test]
    public void PairsOfEightTermsAreTheManualsFigures()
    {
        for (int lane = 0; lane < MmaFragment.Lanes; lane++)
        {
            // A number says where it stands: its row or column, and its term.
            float[] a = [.. Enumerable.Range(0, 4).Select(register =>
                (8f * MmaFragment.RowOfA(lane, register)) + MmaFragment.TermOfA(lane, register))];
            float[] b = [.. Enumerable.Range(0, 2).Select(register =>
                (8f * MmaFragment.ColumnOfB(lane)) + MmaFragment.TermOfB(lane, register))];
            Quad left = BFloat16Factors.LeftOfEight(new(a[0], a[1], a[2], a[3]));
            Pair right = BFloat16Factors.RightOfEight(b[0], b[1]);
            (int low, int high) = Halves(right.X);
            Assert.That((low / 8, high / 8), Is.EqualTo((lane / 4, lane / 4)), "B's column");
            int row = 8 * (lane / 4);
            Assert.That(Halves(left.X), Is.EqualTo((row + (low % 8), row + (high % 8))), "A's upper row");
            Assert.That(Halves(left.Y), Is.EqualTo((row + 64 + (low % 8), row + 64 + (high % 8))), "A's lower row");
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

    // The bfloat16 numbers of a register, the lower half first.
    private static (int Low, int High) Halves(float register)
    {
        int bits = BitConverter.SingleToInt32Bits(register);
        return ((int)BitConverter.Int32BitsToSingle(bits << 16), (int)BitConverter.Int32BitsToSingle(bits >> 16 << 16));
    }
}
