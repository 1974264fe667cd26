using static PacGen.Tests.CudaEmulator.PtxProgram;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// Matrices in a warp's registers, against sums in double precision; fragments laid out as the PTX ISA draws them.
/// </summary>
internal sealed class PtxMatrixTests
{
    [Test]
    public void MultipliesTf32()
    {
        // The lower 13 bits are not read.
        Check(
            "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", 8, value => Single(Bits(value) & ~0x1FFFu), 1,
            (lane, i) => ((lane / 4) + (8 * (i % 2)), (lane % 4) + (4 * (i / 2))),
            (lane, i) => ((lane % 4) + (4 * i), lane / 4));
    }

    [TestCase(8)]
    [TestCase(16)]
    public void MultipliesBFloat16(int terms)
    {
        Check(
            $"mma.sync.aligned.m16n8k{terms}.row.col.f32.bf16.bf16.f32", terms, value => Single(Bits(value) & 0xFFFF0000), 2,
            (lane, i) => ((lane / 4) + (8 * (i / 2 % 2)), (2 * (lane % 4)) + (i % 2) + (8 * (i / 4))),
            (lane, i) => ((2 * (lane % 4)) + (i % 2) + (8 * (i / 2)), lane / 4));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void LoadsMatrices(bool transposes)
    {
        // Element (row, column) of matrix m is 64m + 8 · row + column; rows lie one after the other.
        uint[] input = [.. Enumerable.Range(0, 128).Select(i => (uint)((2 * i) | (((2 * i) + 1) << 16)))];
        uint[] output = Run(
            $$"""
            mov.u64 %rd6, shared;
            mul.wide.u32 %rd7, %r1, 16;
            add.u64 %rd8, %rd1, %rd7;
            ld.global.v4.u32 {%r2, %r3, %r4, %r5}, [%rd8];
            add.u64 %rd9, %rd6, %rd7;
            st.shared.v4.u32 [%rd9], {%r2, %r3, %r4, %r5};
            bar.sync 0;
            ldmatrix.sync.aligned.m8n8.x4{{(transposes ? ".trans" : "")}}.shared.b16 {%r6, %r7, %r8, %r9}, [%rd9];
            add.u64 %rd10, %rd2, %rd7;
            st.global.v4.u32 [%rd10], {%r6, %r7, %r8, %r9};
            """, input, 128, 32, ".shared .align 16 .b8 shared[512];");
        for (int lane = 0; lane < 32; lane++)
        {
            for (int matrix = 0; matrix < 4; matrix++)
            {
                (int row, int column) = (lane / 4, 2 * (lane % 4));
                uint first = (uint)((64 * matrix) + (transposes ? (8 * column) + row : (8 * row) + column));
                Assert.That(
                    output[(4 * lane) + matrix], Is.EqualTo(first | ((first + (transposes ? 8u : 1)) << 16)), $"{lane} {matrix}");
            }
        }
    }

    [Test]
    public void ALaneThatHasEndedIsMissed() => Assert.That(
        () => Run(
            """
            setp.eq.u32 %p1, %r1, 3;
            @%p1 ret;
            mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%f1, %f2, %f3, %f4}, {%r2, %r3}, {%r4}, {%f1, %f2, %f3, %f4};
            """, [], 32),
        Throws.TypeOf<EmulatedFault>().With.Property("Line").EqualTo(FirstLine + 2).And.Message.Contains(
            "0x00000008 have ended"));

    // Places: of element i of a lane's part of a matrix, its row and column.
    private static void Check(
        string instruction, int terms, Func<float, float> read, int packed, Func<int, int, (int Row, int Column)> left,
        Func<int, int, (int Row, int Column)> right)
    {
        Random random = new(terms);
        float[] a = Numbers(16 * terms), b = Numbers(terms * 8), c = Numbers(16 * 8);
        int registersA = 16 * terms / 32 / packed, registersB = terms * 8 / 32 / packed;
        List<uint> input = [];
        for (int lane = 0; lane < 32; lane++)
        {
            Add(registersA, i => a[(left(lane, i).Row * terms) + left(lane, i).Column]);
            Add(registersB, i => b[(right(lane, i).Row * 8) + right(lane, i).Column]);
            input.AddRange(Enumerable.Range(0, 4).Select(i => Bits(c[Place(lane, i)])));

            void Add(int registers, Func<int, float> element) => input.AddRange(Enumerable.Range(0, registers).Select(
                register => packed == 1 ? Bits(element(register))
                    : (Bits(element(2 * register)) >> 16) | (Bits(element((2 * register) + 1)) & 0xFFFF0000)));
        }

        int words = registersA + registersB + 4;
        IEnumerable<string> loads = Enumerable.Range(0, words).Select(
            i => i < words - 4 ? $"ld.global.u32 %r{i + 10}, [%rd7+{4 * i}];"
                : $"ld.global.f32 %f{i - words + 5}, [%rd7+{4 * i}];");
        uint[] output = Run(
            $$"""
            mul.wide.u32 %rd6, %r1, {{4 * words}};
            add.u64 %rd7, %rd1, %rd6;
            {{string.Join('\n', loads)}}
            {{instruction}} {%f1, %f2, %f3, %f4}, {{{Registers(10, registersA)}}}, {{{Registers(10 + registersA, registersB)}}}, {%f1, %f2, %f3, %f4};
            mul.wide.u32 %rd8, %r1, 16;
            add.u64 %rd9, %rd2, %rd8;
            st.global.v4.f32 [%rd9], {%f1, %f2, %f3, %f4};
            """, [.. input], 128);
        for (int lane = 0; lane < 32; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                (int row, int column) = (Place(lane, i) / 8, Place(lane, i) % 8);
                double sum = c[(8 * row) + column];
                for (int k = 0; k < terms; k++)
                {
                    sum += (double)read(a[(row * terms) + k]) * read(b[(k * 8) + column]);
                }

                Assert.That(Single(output[(4 * lane) + i]), Is.EqualTo(sum).Within(1e-5), $"row {row}, column {column}");
            }
        }

        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 2) - 1)];

        static int Place(int lane, int i) => (8 * ((lane / 4) + (8 * (i / 2)))) + (2 * (lane % 4)) + (i % 2);

        static string Registers(int first, int count) => string.Join(", ", Enumerable.Range(first, count).Select(i => $"%r{i}"));
    }
}
