using System.Runtime.CompilerServices;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>The loop itself.</summary>
internal sealed unsafe class MapCpu<TExpression, TLane>(CpuDevice device, BroadcastPlan plan, Region[] inputs, Region? output)
    : MapCpu(device, plan, inputs, output)
    where TExpression : struct, IExpression
    where TLane : struct, IMemoryLane<TLane>
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected override void Row(ref Pointers pointers, float* values, nint length)
    {
        // Four vectors at a time: where the inputs are is then looked up once for them.
        Pointers local = pointers;
        nint i = 0;
        for (; i <= length - (4 * TLane.Count); i += 4 * TLane.Count)
        {
            TLane a = TExpression.Evaluate<TLane, At<TLane>>(new At<TLane>(in local, i));
            TLane b = TExpression.Evaluate<TLane, At<TLane>>(new At<TLane>(in local, i, TLane.Count));
            TLane c = TExpression.Evaluate<TLane, At<TLane>>(new At<TLane>(in local, i, 2 * TLane.Count));
            TLane d = TExpression.Evaluate<TLane, At<TLane>>(new At<TLane>(in local, i, 3 * TLane.Count));
            TLane.Store(values + i, a);
            TLane.Store(values + i + TLane.Count, b);
            TLane.Store(values + i + (2 * TLane.Count), c);
            TLane.Store(values + i + (3 * TLane.Count), d);
        }

        for (; i <= length - TLane.Count; i += TLane.Count)
        {
            TLane.Store(values + i, TExpression.Evaluate<TLane, At<TLane>>(new At<TLane>(in local, i)));
        }

        for (; i < length; i++)
        {
            Float1.Store(values + i, TExpression.Evaluate<Float1, At<Float1>>(new At<Float1>(in local, i)));
        }
    }

    /// <inheritdoc/>
    public override MapBlock Reduced<TReduction>() => new Block<TReduction>(this);

    /// <summary>Combines rows in registers, four vectors of each at a time.</summary>
    private sealed class Block<TReduction>(MapCpu<TExpression, TLane> map) : MapBlock
        where TReduction : struct, IReduction
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Combine(long start, int rows, int width, float* target, float* scratch)
        {
            Pointers begin = default;
            nint* along = stackalloc nint[Expression.MaxArguments];
            map.Begin(start, scratch, ref begin, along);
            int column = 0;
            for (; column + (4 * TLane.Count) <= width; column += 4 * TLane.Count)
            {
                Pointers p = map.Shifted(in begin, along, column);
                TLane a = At(in p, 0), b = At(in p, 0, TLane.Count), c = At(in p, 0, 2 * TLane.Count), d = At(
                    in p, 0, 3 * TLane.Count);
                nint row = width;
                for (int i = 1; i < rows; i++, row += width)
                {
                    a = TReduction.Combine(a, At(in p, row));
                    b = TReduction.Combine(b, At(in p, row, TLane.Count));
                    c = TReduction.Combine(c, At(in p, row, 2 * TLane.Count));
                    d = TReduction.Combine(d, At(in p, row, 3 * TLane.Count));
                }

                TLane.Store(target + column, a);
                TLane.Store(target + column + TLane.Count, b);
                TLane.Store(target + column + (2 * TLane.Count), c);
                TLane.Store(target + column + (3 * TLane.Count), d);
            }

            for (; column < width; column += TLane.Count)
            {
                // The last vector overlaps.
                column = Math.Min(column, width - TLane.Count);
                Pointers p0 = map.Shifted(in begin, along, column);
                TLane a = At(in p0, 0);
                nint row = width;
                for (int i = 1; i < rows; i++, row += width)
                {
                    a = TReduction.Combine(a, At(in p0, row));
                }

                TLane.Store(target + column, a);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public override void Moments(
            long start, int rows, int width, float* origin, float* mean, float* squares, float* scratch)
        {
            Pointers begin = default;
            nint* along = stackalloc nint[Expression.MaxArguments];
            map.Begin(start, scratch, ref begin, along);
            TLane share = TLane.Constant(1f / rows), zero = TLane.Constant(0);
            int column = 0;
            for (; column + (4 * TLane.Count) <= width; column += 4 * TLane.Count)
            {
                // Of the differences from the block's first row: the mean may be far from zero.
                Pointers p = map.Shifted(in begin, along, column);
                TLane a = At(in p, 0), b = At(in p, 0, TLane.Count), c = At(in p, 0, 2 * TLane.Count), d = At(
                    in p, 0, 3 * TLane.Count);
                TLane a1 = zero, b1 = zero, c1 = zero, d1 = zero, a2 = zero, b2 = zero, c2 = zero, d2 = zero;
                nint row = width;
                for (int i = 1; i < rows; i++, row += width)
                {
                    Add(At(in p, row) - a, ref a1, ref a2);
                    Add(At(in p, row, TLane.Count) - b, ref b1, ref b2);
                    Add(At(in p, row, 2 * TLane.Count) - c, ref c1, ref c2);
                    Add(At(in p, row, 3 * TLane.Count) - d, ref d1, ref d2);
                }

                Store(a, a1, a2, share, column, origin, mean, squares);
                Store(b, b1, b2, share, column + TLane.Count, origin, mean, squares);
                Store(c, c1, c2, share, column + (2 * TLane.Count), origin, mean, squares);
                Store(d, d1, d2, share, column + (3 * TLane.Count), origin, mean, squares);
            }

            for (; column < width; column += TLane.Count)
            {
                // The last vector overlaps.
                column = Math.Min(column, width - TLane.Count);
                Pointers p = map.Shifted(in begin, along, column);
                TLane a = At(in p, 0), a1 = zero, a2 = zero;
                nint row = width;
                for (int i = 1; i < rows; i++, row += width)
                {
                    Add(At(in p, row) - a, ref a1, ref a2);
                }

                Store(a, a1, a2, share, column, origin, mean, squares);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add(TLane x, ref TLane sum, ref TLane squares)
        {
            sum += x;
            squares = TLane.Fma(x, x, squares);
        }

        // Σd² − (Σd)²/n loses what the first number is away from the mean: at most a factor of the number of rows.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Store(
            TLane first, TLane sum, TLane sumOfSquares, TLane share, int column, float* origin, float* mean, float* squares)
        {
            TLane apart = sum * share;
            TLane.Store(mean + column, first - TLane.Load(origin + column) + apart);
            TLane.Store(squares + column, TLane.Max(TLane.Constant(0), sumOfSquares - (sum * apart)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static TLane At(in Pointers pointers, nint index, int further = 0) =>
            TExpression.Evaluate<TLane, At<TLane>>(new At<TLane>(in pointers, index, further));
    }

    private readonly struct At<T> : IInputs<T>
        where T : struct, IMemoryLane<T>
    {
        private readonly Pointers* pointers;
        private readonly nint index;
        private readonly int further;

        // Where an input is at the index is looked up once for all that lies a constant further.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public At(in Pointers pointers, nint index, int further = 0)
        {
            this.pointers = (Pointers*)Unsafe.AsPointer(ref Unsafe.AsRef(in pointers));
            this.index = index;
            this.further = further;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get0() => T.Load(pointers->P0 + (index & pointers->M0) + further);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get1() => T.Load(pointers->P1 + (index & pointers->M1) + further);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get2() => T.Load(pointers->P2 + (index & pointers->M2) + further);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get3() => T.Load(pointers->P3 + (index & pointers->M3) + further);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get4() => T.Load(pointers->P4 + (index & pointers->M4) + further);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get5() => T.Load(pointers->P5 + (index & pointers->M5) + further);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get6() => T.Load(pointers->P6 + (index & pointers->M6) + further);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public T Get7() => T.Load(pointers->P7 + (index & pointers->M7) + further);
    }
}
