using System.Numerics;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// The instructions that compute in registers: of each name the handler and the types of the result and the arguments. What isn't
/// here, and is none of memory or control, is refused.
/// </summary>
internal static unsafe class ArithmeticTable
{
    private static readonly Dictionary<string, (nint Handler, string[] Types)> Rows = Build();

    public static bool TryFind(string name, out (nint Handler, string[] Types) row) => Rows.TryGetValue(name, out row);

    private static Dictionary<string, (nint Handler, string[] Types)> Build()
    {
        Dictionary<string, (nint Handler, string[] Types)> rows = new(StringComparer.Ordinal);
        Moves(rows);
        Integers<int>(rows, "s32");
        Integers<uint>(rows, "u32");
        Integers<long>(rows, "s64");
        Integers<ulong>(rows, "u64");
        Bits(rows);
        Singles(rows);
        Doubles(rows);
        Approximations(rows);
        Compared<int>(rows, "s32", isFloat: false);
        Compared<uint>(rows, "u32", isFloat: false);
        Compared<long>(rows, "s64", isFloat: false);
        Compared<ulong>(rows, "u64", isFloat: false);
        Compared<uint>(rows, "b32", isFloat: false);
        Compared<ulong>(rows, "b64", isFloat: false);
        Compared<float>(rows, "f32", isFloat: true);
        Compared<double>(rows, "f64", isFloat: true);
        Conversions(rows);
        return rows;
    }

    private static void Moves(Dictionary<string, (nint Handler, string[] Types)> rows)
    {
        foreach (string type in (string[])["b32", "u32", "s32", "f32", "b16", "u16", "s16"])
        {
            Add(rows, $"mov.{type}", Unary<uint, Same<uint>>(), type, type);
            Add(rows, $"selp.{type}", (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Select<uint>, type, type, type,
                "pred");
        }

        foreach (string type in (string[])["b64", "u64", "s64", "f64"])
        {
            Add(rows, $"mov.{type}", Unary<ulong, Same<ulong>>(), type, type);
            Add(rows, $"selp.{type}", (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Select<ulong>, type, type, type,
                "pred");
        }

        Add(rows, "mov.pred", (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.PredicateMove, "pred", "pred");
        Add(rows, "not.pred", (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.PredicateNot, "pred", "pred");
        Add(rows, "and.pred", (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.PredicateAnd, "pred", "pred", "pred");
        Add(rows, "or.pred", (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.PredicateOr, "pred", "pred", "pred");
        Add(rows, "xor.pred", (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.PredicateXor, "pred", "pred", "pred");
    }

    private static void Integers<T>(Dictionary<string, (nint Handler, string[] Types)> rows, string type)
        where T : unmanaged, IBinaryInteger<T>
    {
        Add(rows, $"add.{type}", Binary<T, Sum<T>>(), type, type, type);
        Add(rows, $"sub.{type}", Binary<T, Difference<T>>(), type, type, type);
        Add(rows, $"mul.lo.{type}", Binary<T, Product<T>>(), type, type, type);
        Add(rows, $"mad.lo.{type}", Ternary<T, ProductSum<T>>(), type, type, type, type);
        Add(rows, $"min.{type}", Binary<T, Least<T>>(), type, type, type);
        Add(rows, $"max.{type}", Binary<T, Greatest<T>>(), type, type, type);
        if (type[1..] == "64")
        {
            Add(rows, $"div.{type}", Each<T, T, T, IntegerQuotient<T>>(), type, type, type);
            Add(rows, $"rem.{type}", Each<T, T, T, Remainder<T>>(), type, type, type);
        }

        if (type[0] == 's')
        {
            Add(rows, $"neg.{type}", Unary<T, Negation<T>>(), type, type);
            Add(rows, $"abs.{type}", Unary<T, Magnitude<T>>(), type, type);
        }
    }

    private static void Bits(Dictionary<string, (nint Handler, string[] Types)> rows)
    {
        Add(rows, "div.s32", Binary<int, QuotientSigned>(), "s32", "s32", "s32");
        Add(rows, "div.u32", Binary<uint, QuotientUnsigned>(), "u32", "u32", "u32");
        Add(rows, "rem.s32", Binary<int, RemainderSigned>(), "s32", "s32", "s32");
        Add(rows, "rem.u32", Binary<uint, RemainderUnsigned>(), "u32", "u32", "u32");
        Logical<uint>(rows, "b32");
        Logical<uint>(rows, "b16");
        Logical<ulong>(rows, "b64");
        Add(rows, "shl.b32", Binary<uint, ShiftLeft>(), "b32", "b32", "u32");
        Add(rows, "shr.b32", Binary<uint, ShiftRight>(), "b32", "b32", "u32");
        Add(rows, "shr.u32", Binary<uint, ShiftRight>(), "b32", "b32", "u32");
        Add(rows, "shr.s32", Binary<int, ShiftRightSigned>(), "b32", "b32", "u32");
        Add(rows, "shl.b64", Each<ulong, uint, ulong, ShiftLeftLong>(), "b64", "b64", "u32");
        Add(rows, "shr.b64", Each<ulong, uint, ulong, ShiftRightLong>(), "b64", "b64", "u32");
        Add(rows, "shr.u64", Each<ulong, uint, ulong, ShiftRightLong>(), "b64", "b64", "u32");
        Add(rows, "shr.s64", Each<long, uint, long, ShiftRightLongSigned>(), "b64", "b64", "u32");
        Add(rows, "mul.wide.u32", (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Widen, "u64", "u32", "u32");
        Add(rows, "mul.wide.s32", Each<int, int, long, WideProduct>(), "s64", "s32", "s32");
        Add(rows, "mad.wide.u32", Each<uint, uint, ulong, ulong, WideProductSumUnsigned>(), "u64", "u32", "u32", "u64");
        Add(rows, "mad.wide.s32", Each<int, int, long, long, WideProductSum>(), "s64", "s32", "s32", "s64");
        Add(rows, "mul.hi.u32", Each<uint, uint, uint, HighProductUnsigned>(), "u32", "u32", "u32");
        Add(rows, "mul.hi.s32", Each<int, int, int, HighProduct>(), "s32", "s32", "s32");
        Add(rows, "mul.hi.u64", Each<ulong, ulong, ulong, HighProductULong>(), "u64", "u64", "u64");
        Add(rows, "mul.hi.s64", Each<long, long, long, HighProductLong>(), "s64", "s64", "s64");
        Add(rows, "mad.hi.u32", Each<uint, uint, uint, uint, HighProductSumUnsigned>(), "u32", "u32", "u32", "u32");
        Add(rows, "mad.hi.s32", Each<int, int, int, int, HighProductSum>(), "s32", "s32", "s32", "s32");
        Add(rows, "popc.b32", Each<uint, uint, Ones<uint>>(), "u32", "b32");
        Add(rows, "popc.b64", Each<ulong, uint, Ones<ulong>>(), "u32", "b64");
        Add(rows, "clz.b32", Each<uint, uint, LeadingZeros<uint>>(), "u32", "b32");
        Add(rows, "clz.b64", Each<ulong, uint, LeadingZeros<ulong>>(), "u32", "b64");
        Add(rows, "brev.b32", Each<uint, uint, Reversed>(), "b32", "b32");
        Add(rows, "bfe.u32", Each<uint, uint, uint, uint, Extract>(), "b32", "b32", "u32", "u32");
        Add(rows, "bfe.s32", Each<uint, uint, uint, uint, ExtractSigned>(), "b32", "b32", "u32", "u32");
        Add(rows, "prmt.b32", Each<uint, uint, uint, uint, Permute>(), "b32", "b32", "b32", "b32");
    }

    private static void Logical<T>(Dictionary<string, (nint Handler, string[] Types)> rows, string type)
        where T : unmanaged
    {
        Add(rows, $"and.{type}", Binary<T, BitAnd<T>>(), type, type, type);
        Add(rows, $"or.{type}", Binary<T, BitOr<T>>(), type, type, type);
        Add(rows, $"xor.{type}", Binary<T, BitXor<T>>(), type, type, type);
        Add(rows, $"not.{type}", Unary<T, BitNot<T>>(), type, type);
    }

    private static void Singles(Dictionary<string, (nint Handler, string[] Types)> rows)
    {
        // Without a rounding, add and mul round to nearest, too.
        foreach (string rounding in (string[])["", ".rn"])
        {
            One2<Sum<float>>($"add{rounding}");
            One2<Difference<float>>($"sub{rounding}");
            One2<Product<float>>($"mul{rounding}");
        }

        One2<Quotient<float>>("div.rn");
        One<Reciprocal<float>>("rcp.rn");
        One<SquareRoot<float>>("sqrt.rn");
        Add(rows, "fma.rn.f32", Ternary<float, FusedSingle>(), "f32", "f32", "f32", "f32");
        Add(rows, "fma.rn.ftz.f32", Ternary<float, FlushedFusedSingle>(), "f32", "f32", "f32", "f32");
        Add(rows, "mad.rn.f32", Ternary<float, FusedSingle>(), "f32", "f32", "f32", "f32");
        One2<SingleLeast>("min");
        One2<SingleGreatest>("max");
        Add(rows, "neg.f32", Unary<float, Negation<float>>(), "f32", "f32");
        Add(rows, "abs.f32", Unary<float, Magnitude<float>>(), "f32", "f32");

        void One<TOperation>(string name)
            where TOperation : IUnary<float>
        {
            Add(rows, $"{name}.f32", Unary<float, Canonical<TOperation>>(), "f32", "f32");
            Add(rows, $"{name}.ftz.f32", Unary<float, Flushed<Canonical<TOperation>>>(), "f32", "f32");
        }

        void One2<TOperation>(string name)
            where TOperation : IBinary<float>
        {
            Add(rows, $"{name}.f32", Binary<float, Canonical2<TOperation>>(), "f32", "f32", "f32");
            Add(rows, $"{name}.ftz.f32", Binary<float, Flushed2<Canonical2<TOperation>>>(), "f32", "f32", "f32");
        }
    }

    private static void Doubles(Dictionary<string, (nint Handler, string[] Types)> rows)
    {
        foreach (string rounding in (string[])["", ".rn"])
        {
            Add(rows, $"add{rounding}.f64", Binary<double, Sum<double>>(), "f64", "f64", "f64");
            Add(rows, $"sub{rounding}.f64", Binary<double, Difference<double>>(), "f64", "f64", "f64");
            Add(rows, $"mul{rounding}.f64", Binary<double, Product<double>>(), "f64", "f64", "f64");
        }

        Add(rows, "div.rn.f64", Binary<double, Quotient<double>>(), "f64", "f64", "f64");
        Add(rows, "rcp.rn.f64", Unary<double, Reciprocal<double>>(), "f64", "f64");
        Add(rows, "sqrt.rn.f64", Unary<double, SquareRoot<double>>(), "f64", "f64");
        Add(rows, "fma.rn.f64", Ternary<double, FusedDouble>(), "f64", "f64", "f64", "f64");
        Add(rows, "min.f64", Each<double, double, double, LeastNumber>(), "f64", "f64", "f64");
        Add(rows, "max.f64", Each<double, double, double, GreatestNumber>(), "f64", "f64", "f64");
        Add(rows, "neg.f64", Unary<double, Negation<double>>(), "f64", "f64");
        Add(rows, "abs.f64", Unary<double, Magnitude<double>>(), "f64", "f64");
    }

    private static void Approximations(Dictionary<string, (nint Handler, string[] Types)> rows)
    {
        foreach (string name in (string[])["div.approx", "div.full"])
        {
            Add(rows, $"{name}.f32", Binary<float, Canonical2<Quotient<float>>>(), "f32", "f32", "f32");
            Add(rows, $"{name}.ftz.f32", Binary<float, Flushed2<Canonical2<Quotient<float>>>>(), "f32", "f32", "f32");
        }

        Add(rows, "rcp.approx.f32", Unary<float, Canonical<Reciprocal<float>>>(), "f32", "f32");
        Add(rows, "rcp.approx.ftz.f32", Unary<float, Flushed<Canonical<Reciprocal<float>>>>(), "f32", "f32");
        Add(rows, "sqrt.approx.f32", Unary<float, Canonical<SquareRoot<float>>>(), "f32", "f32");
        Add(rows, "sqrt.approx.ftz.f32", Unary<float, Flushed<Canonical<SquareRoot<float>>>>(), "f32", "f32");
        Approximate<ReciprocalRoot>("rsqrt.approx");
        Approximate<PowerOfTwo>("ex2.approx");
        Approximate<BinaryLogarithm>("lg2.approx");
        Approximate<Sine>("sin.approx");
        Approximate<Cosine>("cos.approx");
        Approximate<HyperbolicTangent>("tanh.approx");

        void Approximate<TOperation>(string name)
            where TOperation : IScalar<float, float>
        {
            Add(rows, $"{name}.f32", Each<float, float, TOperation>(), "f32", "f32");
            Add(rows, $"{name}.ftz.f32", Each<float, float, FlushedScalar<TOperation>>(), "f32", "f32");
        }
    }

    private static void Compared<T>(Dictionary<string, (nint Handler, string[] Types)> rows, string type, bool isFloat)
        where T : unmanaged
    {
        One<Equal<T>>("eq");
        One<Less<T>>("lt");
        One<LessOrEqual<T>>("le");
        One<Greater<T>>("gt");
        One<GreaterOrEqual<T>>("ge");
        if (!isFloat)
        {
            One<Unequal<T>>("ne");
            One<Less<T>>("lo");
            One<LessOrEqual<T>>("ls");
            One<Greater<T>>("hi");
            One<GreaterOrEqual<T>>("hs");
            return;
        }

        One<Ordered<T, Unequal<T>>>("ne");
        One<OrUnordered<T, Equal<T>>>("equ");
        One<Unequal<T>>("neu");
        One<OrUnordered<T, Less<T>>>("ltu");
        One<OrUnordered<T, LessOrEqual<T>>>("leu");
        One<OrUnordered<T, Greater<T>>>("gtu");
        One<OrUnordered<T, GreaterOrEqual<T>>>("geu");
        One<Numbers<T>>("num");
        One<Unordered<T>>("nan");

        void One<TCompare>(string name)
            where TCompare : ICompare<T>
        {
            if (type is "b32" or "b64" && name is not ("eq" or "ne"))
            {
                return;
            }

            Add(
                rows, $"setp.{name}.{type}", (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Compare<T, TCompare>, "pred",
                type, type);
            Add(
                rows, $"set.{name}.f32.{type}", (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Set<T, TCompare, float>,
                "f32", type, type);
            foreach (string result in (string[])["u32", "s32"])
            {
                Add(
                    rows, $"set.{name}.{result}.{type}",
                    (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Set<T, TCompare, uint>, result, type, type);
            }
        }
    }

    private static void Conversions(Dictionary<string, (nint Handler, string[] Types)> rows)
    {
        Casts<uint, byte>("u8");
        Casts<uint, sbyte>("s8");
        Casts<uint, ushort>("u16");
        Casts<uint, short>("s16");
        Casts<uint, uint>("u32");
        Casts<uint, int>("s32");
        Casts<ulong, ulong>("u64");
        Casts<ulong, long>("s64");
        Floats<int>("s32");
        Floats<uint>("u32");
        Floats<long>("s64");
        Floats<ulong>("u64");
        Add(rows, "cvt.f64.f32", Each<float, double, Converted<float, double>>(), "f64", "f32");
        Add(rows, "cvt.rn.f32.f64", Each<double, float, Converted<double, float>>(), "f32", "f64");
        Add(rows, "cvt.rni.f32.f32", Unary<float, Canonical<Nearest>>(), "f32", "f32");
        Add(rows, "cvt.rzi.f32.f32", Unary<float, Canonical<Truncated>>(), "f32", "f32");
        Add(rows, "cvt.rmi.f32.f32", Unary<float, Canonical<Lower>>(), "f32", "f32");
        Add(rows, "cvt.rpi.f32.f32", Unary<float, Canonical<Upper>>(), "f32", "f32");
        Add(rows, "cvt.rn.bf16x2.f32", Each<float, float, uint, PackPair>(), "b32", "f32", "f32");
        Add(rows, "cvt.rn.bf16.f32", Each<float, uint, ToBFloat16>(), "b16", "f32");
        Add(rows, "cvt.f32.bf16", Each<uint, float, FromBFloat16>(), "f32", "b16");
        Add(rows, "cvt.rna.tf32.f32", Each<float, uint, ToTf32>(), "b32", "f32");

        void Casts<TSlot, T>(string from)
            where TSlot : unmanaged, IBinaryInteger<TSlot>
            where T : unmanaged, IBinaryInteger<T>
        {
            Add(rows, $"cvt.u8.{from}", Each<TSlot, uint, Cast<TSlot, T, byte, uint>>(), "b32", from);
            Add(rows, $"cvt.s8.{from}", Each<TSlot, uint, Cast<TSlot, T, sbyte, uint>>(), "b32", from);
            Add(rows, $"cvt.u16.{from}", Each<TSlot, uint, Cast<TSlot, T, ushort, uint>>(), "b32", from);
            Add(rows, $"cvt.s16.{from}", Each<TSlot, uint, Cast<TSlot, T, short, uint>>(), "b32", from);
            Add(rows, $"cvt.u32.{from}", Each<TSlot, uint, Cast<TSlot, T, uint, uint>>(), "b32", from);
            Add(rows, $"cvt.s32.{from}", Each<TSlot, uint, Cast<TSlot, T, int, uint>>(), "b32", from);
            Add(rows, $"cvt.u64.{from}", Each<TSlot, ulong, Cast<TSlot, T, ulong, ulong>>(), "b64", from);
            Add(rows, $"cvt.s64.{from}", Each<TSlot, ulong, Cast<TSlot, T, long, ulong>>(), "b64", from);
        }

        void Floats<T>(string type)
            where T : unmanaged, IBinaryInteger<T>
        {
            Add(rows, $"cvt.rn.f32.{type}", Each<T, float, Converted<T, float>>(), "f32", type);
            Add(rows, $"cvt.rn.f64.{type}", Each<T, double, Converted<T, double>>(), "f64", type);
            Rounded<RoundNearest>("rni");
            Rounded<RoundToZero>("rzi");
            Rounded<RoundDown>("rmi");
            Rounded<RoundUp>("rpi");

            void Rounded<TRounding>(string rounding)
                where TRounding : IRounding
            {
                Add(rows, $"cvt.{rounding}.{type}.f32", Each<float, T, ToInteger<float, T, TRounding>>(), type, "f32");
                Add(rows, $"cvt.{rounding}.{type}.f64", Each<double, T, ToInteger<double, T, TRounding>>(), type, "f64");
            }
        }
    }

    private static void Add(
        Dictionary<string, (nint Handler, string[] Types)> rows, string name, nint handler, params string[] types) =>
        rows.Add(name, (handler, types));

    private static nint Unary<T, TOperation>()
        where T : unmanaged
        where TOperation : IUnary<T> => (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Unary<T, TOperation>;

    private static nint Binary<T, TOperation>()
        where T : unmanaged
        where TOperation : IBinary<T> => (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Binary<T, TOperation>;

    private static nint Ternary<T, TOperation>()
        where T : unmanaged
        where TOperation : ITernary<T> => (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Ternary<T, TOperation>;

    private static nint Each<TIn, TOut, TOperation>()
        where TIn : unmanaged
        where TOut : unmanaged
        where TOperation : IScalar<TIn, TOut> =>
        (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Each<TIn, TOut, TOperation>;

    private static nint Each<TA, TB, TOut, TOperation>()
        where TA : unmanaged
        where TB : unmanaged
        where TOut : unmanaged
        where TOperation : IScalar2<TA, TB, TOut> =>
        (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Each<TA, TB, TOut, TOperation>;

    private static nint Each<TA, TB, TC, TOut, TOperation>()
        where TA : unmanaged
        where TB : unmanaged
        where TC : unmanaged
        where TOut : unmanaged
        where TOperation : IScalar3<TA, TB, TC, TOut> =>
        (nint)(delegate*<Warp, Instruction*, void>)&Elementwise.Each<TA, TB, TC, TOut, TOperation>;
}
