using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PacGen.Tests.CudaEmulator;

/// <summary>The handlers of instructions that compute in registers, closed over what they compute.</summary>
internal static unsafe class Elementwise
{
    private const int Lanes = Warp.Lanes;

    public static void Unary<T, TOperation>(Warp warp, Instruction* instruction)
        where T : unmanaged
        where TOperation : IUnary<T>
    {
        T* a = warp.At<T>(instruction->A), d = warp.At<T>(instruction->D);
        for (int lane = 0; lane < Lanes; lane += Vector512<T>.Count)
        {
            Put(warp, d, lane, TOperation.Of(Vector512.Load(a + lane)));
        }
    }

    public static void Binary<T, TOperation>(Warp warp, Instruction* instruction)
        where T : unmanaged
        where TOperation : IBinary<T>
    {
        T* a = warp.At<T>(instruction->A), b = warp.At<T>(instruction->B), d = warp.At<T>(instruction->D);
        for (int lane = 0; lane < Lanes; lane += Vector512<T>.Count)
        {
            Put(warp, d, lane, TOperation.Of(Vector512.Load(a + lane), Vector512.Load(b + lane)));
        }
    }

    public static void Ternary<T, TOperation>(Warp warp, Instruction* instruction)
        where T : unmanaged
        where TOperation : ITernary<T>
    {
        T* a = warp.At<T>(instruction->A), b = warp.At<T>(instruction->B), c = warp.At<T>(instruction->C);
        T* d = warp.At<T>(instruction->D);
        for (int lane = 0; lane < Lanes; lane += Vector512<T>.Count)
        {
            Put(warp, d, lane, TOperation.Of(Vector512.Load(a + lane), Vector512.Load(b + lane), Vector512.Load(c + lane)));
        }
    }

    /// <summary>setp.</summary>
    public static void Compare<T, TCompare>(Warp warp, Instruction* instruction)
        where T : unmanaged
        where TCompare : ICompare<T>
    {
        T* a = warp.At<T>(instruction->A), b = warp.At<T>(instruction->B);
        uint result = 0;
        for (int lane = 0; lane < Lanes; lane += Vector512<T>.Count)
        {
            Vector512<T> holds = TCompare.Of(Vector512.Load(a + lane), Vector512.Load(b + lane));
            result |= (uint)Vector512.ExtractMostSignificantBits(holds) << lane;
        }

        Put(warp, instruction->D, result);
    }

    /// <summary>set: 1 in single precision, or all bits.</summary>
    public static void Set<T, TCompare, TOut>(Warp warp, Instruction* instruction)
        where T : unmanaged
        where TCompare : ICompare<T>
        where TOut : unmanaged
    {
        T* a = warp.At<T>(instruction->A), b = warp.At<T>(instruction->B);
        uint* d = warp.At<uint>(instruction->D);
        uint one = typeof(TOut) == typeof(float) ? 0x3F800000 : uint.MaxValue;
        for (int lane = 0; lane < Lanes; lane += Vector512<T>.Count)
        {
            ulong holds = Vector512.ExtractMostSignificantBits(
                TCompare.Of(Vector512.Load(a + lane), Vector512.Load(b + lane)));
            for (int i = 0; i < Vector512<T>.Count; i++)
            {
                if (((warp.Exec >> (lane + i)) & 1) != 0)
                {
                    d[lane + i] = ((holds >> i) & 1) != 0 ? one : 0;
                }
            }
        }
    }

    public static void Each<TIn, TOut, TOperation>(Warp warp, Instruction* instruction)
        where TIn : unmanaged
        where TOut : unmanaged
        where TOperation : IScalar<TIn, TOut>
    {
        TIn* a = warp.At<TIn>(instruction->A);
        TOut* d = warp.At<TOut>(instruction->D);
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            d[lane] = TOperation.Of(a[lane]);
        }
    }

    public static void Each<TA, TB, TOut, TOperation>(Warp warp, Instruction* instruction)
        where TA : unmanaged
        where TB : unmanaged
        where TOut : unmanaged
        where TOperation : IScalar2<TA, TB, TOut>
    {
        TA* a = warp.At<TA>(instruction->A);
        TB* b = warp.At<TB>(instruction->B);
        TOut* d = warp.At<TOut>(instruction->D);
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            d[lane] = TOperation.Of(a[lane], b[lane]);
        }
    }

    public static void Each<TA, TB, TC, TOut, TOperation>(Warp warp, Instruction* instruction)
        where TA : unmanaged
        where TB : unmanaged
        where TC : unmanaged
        where TOut : unmanaged
        where TOperation : IScalar3<TA, TB, TC, TOut>
    {
        TA* a = warp.At<TA>(instruction->A);
        TB* b = warp.At<TB>(instruction->B);
        TC* c = warp.At<TC>(instruction->C);
        TOut* d = warp.At<TOut>(instruction->D);
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            d[lane] = TOperation.Of(a[lane], b[lane], c[lane]);
        }
    }

    /// <summary>The product of two halves' widths: 16 lanes at a time.</summary>
    public static void Widen(Warp warp, Instruction* instruction)
    {
        uint* a = warp.At<uint>(instruction->A), b = warp.At<uint>(instruction->B);
        ulong* d = warp.At<ulong>(instruction->D);
        for (int lane = 0; lane < Lanes; lane += 16)
        {
            (Vector512<ulong> lowA, Vector512<ulong> highA) = Vector512.Widen(Vector512.Load(a + lane));
            (Vector512<ulong> lowB, Vector512<ulong> highB) = Vector512.Widen(Vector512.Load(b + lane));
            Put(warp, d, lane, lowA * lowB);
            Put(warp, d, lane + 8, highA * highB);
        }
    }

    /// <summary>selp.</summary>
    public static void Select<T>(Warp warp, Instruction* instruction)
        where T : unmanaged
    {
        T* a = warp.At<T>(instruction->A), b = warp.At<T>(instruction->B), d = warp.At<T>(instruction->D);
        uint chosen = *warp.At<uint>(instruction->C);
        if (chosen is 0 or uint.MaxValue)
        {
            T* from = chosen == 0 ? b : a;
            for (int lane = 0; lane < Lanes; lane += Vector512<T>.Count)
            {
                Put(warp, d, lane, Vector512.Load(from + lane));
            }

            return;
        }

        for (int lane = 0; lane < Lanes; lane += Vector512<T>.Count)
        {
            Vector512<T> first;
            if (sizeof(T) == 4)
            {
                Vector512<int> bits = Vector512.Create(
                    1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
                first = Vector512.Equals(Vector512.Create((int)((chosen >> lane) & 0xFFFF)) & bits, bits).As<int, T>();
            }
            else
            {
                Vector512<long> bits = Vector512.Create(1L, 2, 4, 8, 16, 32, 64, 128);
                first = Vector512.Equals(Vector512.Create((long)((chosen >> lane) & 0xFF)) & bits, bits).As<long, T>();
            }

            Put(warp, d, lane, Vector512.ConditionalSelect(first, Vector512.Load(a + lane), Vector512.Load(b + lane)));
        }
    }

    public static void PredicateMove(Warp warp, Instruction* instruction) =>
        Put(warp, instruction->D, *warp.At<uint>(instruction->A));

    public static void PredicateNot(Warp warp, Instruction* instruction) =>
        Put(warp, instruction->D, ~*warp.At<uint>(instruction->A));

    public static void PredicateAnd(Warp warp, Instruction* instruction) =>
        Put(warp, instruction->D, *warp.At<uint>(instruction->A) & *warp.At<uint>(instruction->B));

    public static void PredicateOr(Warp warp, Instruction* instruction) =>
        Put(warp, instruction->D, *warp.At<uint>(instruction->A) | *warp.At<uint>(instruction->B));

    public static void PredicateXor(Warp warp, Instruction* instruction) =>
        Put(warp, instruction->D, *warp.At<uint>(instruction->A) ^ *warp.At<uint>(instruction->B));

    /// <summary>lop3: the table of eight bits is <see cref="Instruction.Target"/>.</summary>
    public static void Logic(Warp warp, Instruction* instruction)
    {
        uint* a = warp.At<uint>(instruction->A), b = warp.At<uint>(instruction->B), c = warp.At<uint>(instruction->C);
        uint* d = warp.At<uint>(instruction->D);
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            uint result = 0;
            for (int row = 0; row < 8; row++)
            {
                uint term = ((row & 4) != 0 ? a[lane] : ~a[lane]) & ((row & 2) != 0 ? b[lane] : ~b[lane])
                    & ((row & 1) != 0 ? c[lane] : ~c[lane]);
                result |= ((instruction->Target >> row) & 1) != 0 ? term : 0;
            }

            d[lane] = result;
        }
    }

    /// <summary>bfi: <see cref="Instruction.Count"/> is the place of the length.</summary>
    public static void Insert(Warp warp, Instruction* instruction)
    {
        uint* a = warp.At<uint>(instruction->A), b = warp.At<uint>(instruction->B), position = warp.At<uint>(instruction->C);
        uint* length = warp.At<uint>(instruction->Count), d = warp.At<uint>(instruction->D);
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest), p = (int)(position[lane] & 255), n = (int)(length[lane] & 255);
            uint mask = p > 31 || n == 0 ? 0 : (n > 31 ? uint.MaxValue : (1u << n) - 1) << p;
            d[lane] = (b[lane] & ~mask) | (p > 31 ? 0 : (a[lane] << p) & mask);
        }
    }

    /// <summary>mov.b64 of two halves.</summary>
    public static void Join(Warp warp, Instruction* instruction)
    {
        uint* low = warp.At<uint>(instruction->List[0]), high = warp.At<uint>(instruction->List[1]);
        ulong* d = warp.At<ulong>(instruction->D);
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            d[lane] = ((ulong)high[lane] << 32) | low[lane];
        }
    }

    /// <summary>mov.b64 to two halves.</summary>
    public static void Split(Warp warp, Instruction* instruction)
    {
        uint* low = warp.At<uint>(instruction->List[0]), high = warp.At<uint>(instruction->List[1]);
        ulong* a = warp.At<ulong>(instruction->A);
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest);
            ulong value = a[lane];
            low[lane] = (uint)value;
            high[lane] = (uint)(value >> 32);
        }
    }

    /// <summary>To or from an address of the window of a space in the generic address space.</summary>
    public static void ShiftWindow(Warp warp, Instruction* instruction)
    {
        long* a = warp.At<long>(instruction->A), d = warp.At<long>(instruction->D);
        for (int lane = 0; lane < Lanes; lane += Vector512<long>.Count)
        {
            Put(warp, d, lane, Vector512.Load(a + lane) + Vector512.Create(instruction->Offset));
        }
    }

    /// <summary>Nothing in registers: fences, whose effect is on memory's order alone.</summary>
    public static void Nothing(Warp warp, Instruction* instruction)
    {
    }

    /// <summary>Writes a predicate of the lanes that execute.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Put(Warp warp, int place, uint value)
    {
        uint* d = warp.At<uint>(place);
        *d = (*d & ~warp.Exec) | (value & warp.Exec);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put<T>(Warp warp, T* d, int lane, Vector512<T> value)
        where T : unmanaged
    {
        if (warp.Exec != uint.MaxValue)
        {
            Vector512<T> mask = Vector512.Load((T*)(sizeof(T) == 4 ? warp.Mask32 : warp.Mask64) + lane);
            value = Vector512.ConditionalSelect(mask, value, Vector512.Load(d + lane));
        }

        value.Store(d + lane);
    }
}
