using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// An index and its three digits in a mixed radix, such as a tap's row, column and channel, or a window's image, row and column.
/// </summary>
internal struct Digits
{
    public int Index, High, Middle, Low;
}

/// <summary>A mixed radix in which a GPU thread counts without dividing.</summary>
internal struct Radix
{
    public int Middle, Low;
    private int stepHigh, stepMiddle, stepLow, stageHigh, stageMiddle, stageLow;

    /// <param name="middle">How many values the middle digit has.</param>
    /// <param name="low">How many values the low digit has.</param>
    public Radix(int middle, int low)
    {
        (Middle, Low) = (Math.Max(1, middle), Math.Max(1, low));
        Digits step = Of(ProductTile.Terms);
        (stepHigh, stepMiddle, stepLow) = (step.High, step.Middle, step.Low);
        Digits stage = Of(ProductStage.Terms);
        (stageHigh, stageMiddle, stageLow) = (stage.High, stage.Middle, stage.Low);
    }

    /// <summary>The digits of an index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Of(int index)
    {
        int rest = index / Low, high = rest / Middle;
        return new Digits { Index = index, High = high, Middle = rest - (high * Middle), Low = index - (rest * Low) };
    }

    /// <summary>The next index.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits Next(Digits place) => Carry(place, 1, 0, 0, 1);

    /// <summary>The index a tile's terms further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits NextTile(Digits place) => Carry(place, ProductTile.Terms, stepHigh, stepMiddle, stepLow);

    /// <summary>The index a stage's terms further.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly Digits NextStage(Digits place) => Carry(place, ProductStage.Terms, stageHigh, stageMiddle, stageLow);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly Digits Carry(Digits place, int step, int high, int middle, int low)
    {
        low += place.Low;
        int carry = low >= Low ? 1 : 0;
        low -= carry * Low;
        middle += place.Middle + carry;
        carry = middle >= Middle ? 1 : 0;
        middle -= carry * Middle;
        return new Digits { Index = place.Index + step, High = place.High + high + carry, Middle = middle, Low = low };
    }
}
