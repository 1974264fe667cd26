using PacGen.Core.Lanes;

namespace PacGen.Kernels.PerParameter;

/// <summary>What a reduction over parameters adds up and takes the largest of, as a type argument.</summary>
/// <typeparam name="TSettings">Its scalars.</typeparam>
internal interface ITerms<TSettings>
    where TSettings : unmanaged
{
    /// <summary>How many regions it reads: 1 to 3.</summary>
    static abstract int Inputs { get; }

    /// <summary>How many sums it takes: 1 or 2.</summary>
    static abstract int Sums { get; }

    /// <summary>How many maxima it takes, of numbers that are not negative: 0 or 2.</summary>
    static abstract int Maxima { get; }

    /// <summary>Whether it asks for the parameter's random word.</summary>
    static abstract bool UsesWords { get; }

    /// <summary>The random numbers' key and counter.</summary>
    static abstract (uint Key0, uint Key1, uint Stream, uint Step) Random(TSettings settings);

    /// <summary>A parameter's terms; those that are not asked for are ignored.</summary>
    static abstract void Of<T, TWords>(
        T a, T b, T c, TWords word, TSettings settings, out T sum0, out T sum1, out T largest0, out T largest1)
        where T : struct, ILane<T, TWords>
        where TWords : struct, IWords<TWords>;
}
