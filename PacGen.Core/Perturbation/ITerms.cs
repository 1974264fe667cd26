using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Core.Perturbation;

/// <summary>
/// What a pass over all parameters adds up and takes the largest of, as a type argument: the same formula on every device and
/// at every vector width. A sum of one's own is such a struct and a struct of scalars.
/// </summary>
/// <typeparam name="TSettings">Its scalars, passed to kernels by value.</typeparam>
public interface ITerms<TSettings>
    where TSettings : unmanaged
{
    /// <summary>How many arrays of the parameters' layout it reads: 1 to 3.</summary>
    static abstract int Inputs { get; }

    /// <summary>How many sums it takes: 1 or 2.</summary>
    static abstract int Sums { get; }

    /// <summary>How many maxima it takes, of numbers that are not negative: 0, the default, or 2.</summary>
    static virtual int Maxima => 0;

    /// <summary>Whether it asks for the parameter's random word; by default not.</summary>
    static virtual bool UsesWords => false;

    /// <summary>The random words, where they are asked for.</summary>
    /// <param name="settings">The scalars.</param>
    static virtual PhiloxDraw Random(TSettings settings) => default;

    /// <summary>
    /// Whether a processor, which looks a few vectors ahead, does <see cref="Last"/> in a loop of its own, since the formula is
    /// one long chain of steps that wait for each other; by default not.
    /// </summary>
    static virtual bool IsSplit => false;

    /// <summary>A parameter's terms; those that are not asked for are ignored.</summary>
    /// <param name="a">The parameter's number of the first array.</param>
    /// <param name="b">Of the second, where there is one.</param>
    /// <param name="c">Of the third, where there is one.</param>
    /// <param name="word">The parameter's random word, where it is asked for.</param>
    /// <param name="settings">The scalars.</param>
    /// <param name="sum0">What the first sum adds up.</param>
    /// <param name="sum1">What the second sum adds up.</param>
    /// <param name="largest0">What the first maximum is of.</param>
    /// <param name="largest1">What the second maximum is of.</param>
    static abstract void Of<T, TWords>(
        T a, T b, T c, TWords word, TSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>;

    /// <summary>The same, but for the first sum's last steps, where the formula is split.</summary>
    /// <param name="a">The parameter's number of the first array.</param>
    /// <param name="b">Of the second, where there is one.</param>
    /// <param name="c">Of the third, where there is one.</param>
    /// <param name="word">The parameter's random word, where it is asked for.</param>
    /// <param name="settings">The scalars.</param>
    /// <param name="first">What <see cref="Last"/> makes the first sum's term of.</param>
    /// <param name="sum1">What the second sum adds up.</param>
    /// <param name="largest0">What the first maximum is of.</param>
    /// <param name="largest1">What the second maximum is of.</param>
    static virtual void First<T, TWords>(
        T a, T b, T c, TWords word, TSettings settings, out T first, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords> => first = sum1 = largest0 = largest1 = default;

    /// <summary>The first sum's term, where the formula is split.</summary>
    /// <param name="first">What <see cref="First"/> gives.</param>
    static virtual T Last<T>(T first)
        where T : struct, ILane<T> => first;
}
