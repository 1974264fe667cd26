using System.Numerics;
using System.Runtime.Intrinsics;

namespace PacGen.Tests.CudaEmulator;

/// <summary>Instructions by which the lanes of a warp work together: shuffles, votes, matrices.</summary>
internal static unsafe class WarpInstructions
{
    /// <summary>bar.warp.sync.</summary>
    public static void Synchronize(Warp warp, Instruction* instruction) => warp.Synchronizations++;

    /// <summary>shfl.sync: <see cref="Instruction.Target"/> is the mode's first letter.</summary>
    public static void Shuffle(Warp warp, Instruction* instruction)
    {
        uint* a = warp.At<uint>(instruction->A), b = warp.At<uint>(instruction->B), c = warp.At<uint>(instruction->C);
        uint* d = warp.At<uint>(instruction->D);
        uint* values = stackalloc uint[Warp.Lanes];
        new ReadOnlySpan<uint>(a, Warp.Lanes).CopyTo(new Span<uint>(values, Warp.Lanes));
        uint valid = 0;
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            int by = (int)(b[lane] & 31), clamp = (int)(c[lane] & 31), segment = (int)((c[lane] >> 8) & 31);
            int most = (lane & segment) | (clamp & ~segment), least = lane & segment;
            (int from, bool inside) = instruction->Target switch
            {
                'u' => (lane - by, lane - by >= most),
                'd' => (lane + by, lane + by <= most),
                'b' => (lane ^ by, (lane ^ by) <= most),
                _ => (least | (by & ~segment), (least | (by & ~segment)) <= most),
            };
            if (!inside)
            {
                from = lane;
            }
            else if (((warp.Exec >> from) & 1) == 0)
            {
                throw warp.Fault(instruction, lane, $"it reads lane {from}, which does not take part");
            }

            valid |= inside ? 1u << lane : 0;
            d[lane] = values[from];
        }

        if (instruction->Count >= 0)
        {
            Elementwise.Put(warp, instruction->Count, valid);
        }
    }

    /// <summary>vote.sync and activemask: <see cref="Instruction.Target"/> says which.</summary>
    public static void Vote(Warp warp, Instruction* instruction)
    {
        uint holds = instruction->Target == 'm' ? warp.Exec : *warp.At<uint>(instruction->A) & warp.Exec;
        switch (instruction->Target)
        {
            case 'a':
                Elementwise.Put(warp, instruction->D, holds == warp.Exec ? uint.MaxValue : 0);
                break;
            case 'o':
                Elementwise.Put(warp, instruction->D, holds != 0 ? uint.MaxValue : 0);
                break;
            case 'u':
                Elementwise.Put(warp, instruction->D, holds == warp.Exec || holds == 0 ? uint.MaxValue : 0);
                break;
            default:
                for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
                {
                    warp.At<uint>(instruction->D)[BitOperations.TrailingZeroCount(rest)] = holds;
                }

                break;
        }
    }

    /// <summary>match.any.sync.b32.</summary>
    public static void Match(Warp warp, Instruction* instruction)
    {
        uint* a = warp.At<uint>(instruction->A), d = warp.At<uint>(instruction->D);
        uint* values = stackalloc uint[Warp.Lanes];
        new ReadOnlySpan<uint>(a, Warp.Lanes).CopyTo(new Span<uint>(values, Warp.Lanes));
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            uint same = 0;
            for (uint others = warp.Exec; others != 0; others &= others - 1)
            {
                int other = BitOperations.TrailingZeroCount(others);
                same |= values[other] == values[lane] ? 1u << other : 0;
            }

            d[lane] = same;
        }
    }

    /// <summary>
    /// ldmatrix of b16 elements: lane 8m + r holds the address of row r of matrix m; <see cref="Instruction.Target"/> is 1 where
    /// it is transposed.
    /// </summary>
    public static void LoadMatrices(Warp warp, Instruction* instruction)
    {
        byte** rows = stackalloc byte*[8];
        for (int matrix = 0; matrix < instruction->Count; matrix++)
        {
            for (int row = 0; row < 8; row++)
            {
                rows[row] = MemoryAccess.Row(warp, instruction, (8 * matrix) + row);
            }

            uint* d = warp.At<uint>(instruction->List[matrix]);
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                int first = 2 * (lane % 4), second = lane / 4;
                d[lane] = instruction->Target == 0
                    ? ((uint*)rows[second])[lane % 4]
                    : ((ushort*)rows[first])[second] | ((uint)((ushort*)rows[first + 1])[second] << 16);
            }
        }
    }

    /// <summary>
    /// mma.sync.m16n8k8 of TF32, whose lower 13 bits are not read: D = A·B + C. Products of 11 bits by 11 are exact in single
    /// precision; sums are rounded one by one, k upwards (the ISA leaves order and rounding open).
    /// </summary>
    public static void MultiplyTf32(Warp warp, Instruction* instruction)
    {
        float* left = stackalloc float[8 * 16], right = stackalloc float[8 * 8];
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            int group = lane >> 2, within = lane & 3;
            for (int i = 0; i < 4; i++)
            {
                left[((within + (4 * (i >> 1))) * 16) + group + (8 * (i & 1))] = Tf32(instruction->List[4 + i], lane);
            }

            for (int i = 0; i < 2; i++)
            {
                right[((within + (4 * i)) * 8) + group] = Tf32(instruction->List[8 + i], lane);
            }
        }

        MultiplyAdd(warp, instruction->List, instruction->List + 10, left, right, 8, false);

        float Tf32(int place, int lane) => BitConverter.UInt32BitsToSingle(warp.At<uint>(place)[lane] & ~0x1FFFu);
    }

    /// <summary>
    /// mma.sync.m16n8k16 and m16n8k8 of bfloat16: <see cref="Instruction.Target"/> is the number of terms. Sums of eight products
    /// are taken in double precision, in which they are hardly ever rounded, so that the order of eight terms does not matter, as
    /// it does not on a GPU.
    /// </summary>
    public static void MultiplyBFloat16(Warp warp, Instruction* instruction)
    {
        int terms = instruction->Target, registers = terms / 4;
        float* left = stackalloc float[16 * 16], right = stackalloc float[16 * 8];
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            int group = lane >> 2, within = lane & 3;
            for (int i = 0; i < registers; i++)
            {
                uint pair = warp.At<uint>(instruction->List[4 + i])[lane];
                float* to = left + (((2 * within) + (8 * (i >> 1))) * 16) + group + (8 * (i & 1));
                to[0] = BitConverter.UInt32BitsToSingle(pair << 16);
                to[16] = BitConverter.UInt32BitsToSingle(pair & 0xFFFF0000);
            }

            for (int i = 0; i < registers / 2; i++)
            {
                uint pair = warp.At<uint>(instruction->List[4 + registers + i])[lane];
                float* to = right + (((2 * within) + (8 * i)) * 8) + group;
                to[0] = BitConverter.UInt32BitsToSingle(pair << 16);
                to[8] = BitConverter.UInt32BitsToSingle(pair & 0xFFFF0000);
            }
        }

        MultiplyAdd(warp, instruction->List, instruction->List + 4 + registers + (registers / 2), left, right, terms, true);
    }

    private static void MultiplyAdd(
        Warp warp, int* results, int* sums, float* left, float* right, int terms, bool inDouble)
    {
        float* all = stackalloc float[16 * 8];
        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                all[(((2 * (lane & 3)) + (i & 1)) * 16) + (lane >> 2) + (8 * (i >> 1))] = warp.At<float>(sums[i])[lane];
            }
        }

        for (int n = 0; n < 8; n++)
        {
            Vector512<float> sum = Vector512.Load(all + (16 * n));
            for (int k = 0; inDouble && k < terms; k += 8)
            {
                sum = AddEight(sum, left + (16 * k), right + (8 * k) + n);
            }

            for (int k = 0; !inDouble && k < terms; k++)
            {
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(left + (16 * k)), Vector512.Create(right[(8 * k) + n]), sum);
            }

            Single.Canonical(sum).Store(all + (16 * n));
        }

        for (int lane = 0; lane < Warp.Lanes; lane++)
        {
            for (int i = 0; i < 4; i++)
            {
                warp.At<float>(results[i])[lane] = all[(((2 * (lane & 3)) + (i & 1)) * 16) + (lane >> 2) + (8 * (i >> 1))];
            }
        }
    }

    private static Vector512<float> AddEight(Vector512<float> sum, float* left, float* right)
    {
        (Vector512<double> low, Vector512<double> high) = Vector512.Widen(sum);
        for (int k = 0; k < 8; k++)
        {
            (Vector512<double> first, Vector512<double> second) = Vector512.Widen(Vector512.Load(left + (16 * k)));
            Vector512<double> factor = Vector512.Create((double)right[8 * k]);
            low = Vector512.FusedMultiplyAdd(first, factor, low);
            high = Vector512.FusedMultiplyAdd(second, factor, high);
        }

        return Vector512.Narrow(low, high);
    }
}
