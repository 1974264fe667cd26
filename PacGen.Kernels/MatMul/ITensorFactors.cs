using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// As what tensor cores multiply the numbers of a stage, as a type argument. Registers are floats here, whatever their bits are.
/// </summary>
internal interface IStageFactors
{
    /// <summary>The floats' places of an outer index that the instruction which multiplies stages takes: 8 or 16.</summary>
    static abstract int Terms { get; }

    /// <summary>Whether a float's place holds two numbers in bfloat16.</summary>
    static abstract bool InPairs { get; }

    /// <summary>
    /// A's registers for <see cref="MultiplyAdd"/>, from the fragments of eight terms and of the next eight; of the first alone
    /// where <see cref="Terms"/> is 8. A fragment is what mma.m16n8k8 takes of TF32 numbers.
    /// </summary>
    static abstract Quad Left(Quad first, Quad second);

    /// <summary>B's registers of two fragments, X and Y of one, Z and W of the other.</summary>
    static abstract Quad Right(Quad first, Quad second);

    /// <summary>C + A·B of one fragment each.</summary>
    static abstract Quad MultiplyAdd(Quad left, float right0, float right1, Quad c);
}

/// <summary>The same of the numbers of a tile of eight terms too, which are prepared before they are in shared memory.</summary>
internal interface ITensorFactors : IStageFactors
{
    /// <summary>Four numbers as a tile of eight terms holds them in shared memory.</summary>
    static abstract Quad Prepare(Quad numbers);

    /// <summary>A's registers for <see cref="MultiplyAddEight"/>.</summary>
    static abstract Quad LeftOfEight(Quad prepared);

    /// <summary>B's registers for <see cref="MultiplyAddEight"/>.</summary>
    static abstract Pair RightOfEight(float first, float second);

    /// <summary>C + A·B of eight terms.</summary>
    static abstract Quad MultiplyAddEight(Quad left, Pair right, Quad c);
}

/// <summary>TF32: 10 bits behind the point.</summary>
internal readonly struct Tf32Factors : ITensorFactors
{
    public static int Terms => 8;

    public static bool InPairs => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Prepare(Quad numbers) =>
        new(Rounded(numbers.X), Rounded(numbers.Y), Rounded(numbers.Z), Rounded(numbers.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Left(Quad first, Quad second) => Prepare(first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Right(Quad first, Quad second) => Prepare(first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad MultiplyAdd(Quad left, float right0, float right1, Quad c) => TensorCore.MultiplyAdd(
        BitConverter.SingleToInt32Bits(left.X), BitConverter.SingleToInt32Bits(left.Y), BitConverter.SingleToInt32Bits(left.Z),
        BitConverter.SingleToInt32Bits(left.W), BitConverter.SingleToInt32Bits(right0), BitConverter.SingleToInt32Bits(right1),
        c.X, c.Y, c.Z, c.W);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad LeftOfEight(Quad prepared) => prepared;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair RightOfEight(float first, float second) => new(first, second);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad MultiplyAddEight(Quad left, Pair right, Quad c) => MultiplyAdd(left, right.X, right.Y, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Rounded(float number) => BitConverter.Int32BitsToSingle(TensorCore.Round(number));
}

/// <summary>TF32, rounded by plain instructions as a stage is read.</summary>
internal readonly struct Tf32StageFactors : IStageFactors
{
    public static int Terms => 8;

    public static bool InPairs => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Left(Quad first, Quad second) => Rounded(first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Right(Quad first, Quad second) => Rounded(first);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad MultiplyAdd(Quad left, float right0, float right1, Quad c) =>
        Tf32Factors.MultiplyAdd(left, right0, right1, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Quad Rounded(Quad numbers) => new(
        Rounded(numbers.X), Rounded(numbers.Y), Rounded(numbers.Z), Rounded(numbers.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Rounded(float number) => BitConverter.Int32BitsToSingle(TensorCore.RoundForProduct(number));
}

/// <summary>
/// bfloat16: 7 bits behind the point, two numbers in a register. A lane's numbers of eight terms are terms p and p + 4, p its
/// place in its group, where the instruction has 2p and 2p + 1; as A and B have them in the same order, the sum is the same.
/// </summary>
internal readonly struct BFloat16Factors : ITensorFactors
{
    public static int Terms => 16;

    public static bool InPairs => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Prepare(Quad numbers) => numbers;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Left(Quad first, Quad second) => new(
        Packed(first.X, first.Z), Packed(first.Y, first.W), Packed(second.X, second.Z), Packed(second.Y, second.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Right(Quad first, Quad second) => new(
        Packed(first.X, first.Y), Packed(second.X, second.Y), Packed(first.Z, first.W), Packed(second.Z, second.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad MultiplyAdd(Quad left, float right0, float right1, Quad c) => TensorCore.MultiplyAddBFloat16(
        BitConverter.SingleToInt32Bits(left.X), BitConverter.SingleToInt32Bits(left.Y), BitConverter.SingleToInt32Bits(left.Z),
        BitConverter.SingleToInt32Bits(left.W), BitConverter.SingleToInt32Bits(right0), BitConverter.SingleToInt32Bits(right1),
        c.X, c.Y, c.Z, c.W);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad LeftOfEight(Quad prepared) => new(
        Packed(prepared.X, prepared.Z), Packed(prepared.Y, prepared.W), 0f, 0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair RightOfEight(float first, float second) => new(Packed(first, second), 0f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad MultiplyAddEight(Quad left, Pair right, Quad c) => TensorCore.MultiplyAddEightBFloat16(
        BitConverter.SingleToInt32Bits(left.X), BitConverter.SingleToInt32Bits(left.Y), BitConverter.SingleToInt32Bits(right.X),
        c.X, c.Y, c.Z, c.W);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Packed(float low, float high) => BitConverter.Int32BitsToSingle(TensorCore.Pack(low, high));
}

/// <summary>
/// bfloat16 as it stands in memory, two numbers in a float's place: neighbouring terms, as the instruction has them, which takes
/// the registers of eight such places as it takes those of eight TF32 numbers.
/// </summary>
internal readonly struct BFloat16Pairs : IStageFactors
{
    public static int Terms => 8;

    public static bool InPairs => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Left(Quad first, Quad second) => first;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Right(Quad first, Quad second) => first;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad MultiplyAdd(Quad left, float right0, float right1, Quad c) =>
        BFloat16Factors.MultiplyAdd(left, right0, right1, c);
}
