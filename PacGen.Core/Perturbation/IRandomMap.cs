using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>
/// What a pass over all parameters writes for each, from its numbers and a random word of its own, as a type argument: the same
/// formula on every device and at every vector width.
/// </summary>
/// <typeparam name="TSettings">Its scalars, passed to kernels by value.</typeparam>
public interface IRandomMap<TSettings>
    where TSettings : unmanaged
{
    /// <summary>How many arrays of the parameters' layout it reads: 0 to 3.</summary>
    static abstract int Inputs { get; }

    /// <summary>Whether a processor does <see cref="First"/> in a loop of its own; by default there is none.</summary>
    static virtual bool IsSplit => false;

    /// <summary>The random words.</summary>
    /// <param name="settings">The scalars.</param>
    static abstract PhiloxDraw Random(TSettings settings);

    /// <summary>The scalars as the formula takes them.</summary>
    /// <param name="settings">The scalars.</param>
    static abstract LaneConstants<T> Constants<T>(TSettings settings)
        where T : struct, ILane<T>;

    /// <summary>
    /// The first part of <see cref="Of"/>, which needs no random word. Where the formula is one long chain of steps that wait
    /// for each other, a processor, which looks about four vectors ahead, is faster with two loops.
    /// </summary>
    /// <param name="a">The parameter's number of the first array, where there is one.</param>
    /// <param name="b">Of the second.</param>
    /// <param name="c">Of the third.</param>
    /// <param name="constants">What <see cref="Constants"/> gives.</param>
    static virtual T First<T>(T a, T b, T c, in LaneConstants<T> constants)
        where T : struct, ILane<T> => default;

    /// <summary>What is written for the parameter.</summary>
    /// <param name="a">The parameter's number of the first array, where there is one.</param>
    /// <param name="b">Of the second.</param>
    /// <param name="c">Of the third.</param>
    /// <param name="first">What <see cref="First"/> gives, where the formula is split.</param>
    /// <param name="word">The parameter's random word.</param>
    /// <param name="constants">What <see cref="Constants"/> gives.</param>
    static abstract T Of<T, TWords>(T a, T b, T c, T first, TWords word, in LaneConstants<T> constants)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>;
}
