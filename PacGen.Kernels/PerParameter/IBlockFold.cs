using ILGPU;

namespace PacGen.Kernels;

/// <summary>How a group's threads fold their accumulators, in <see cref="BlockSum"/>'s order.</summary>
internal interface IBlockFold
{
    /// <summary>Lets the group's threads see each other's accumulators; before the folds of a block.</summary>
    static abstract void Begin();

    /// <summary>Stores the sum of accumulators, which may be used up.</summary>
    /// <param name="accumulators">A group's accumulators.</param>
    /// <param name="turn">Which fold of the block it is, from 0.</param>
    /// <param name="result">Where the sum goes.</param>
    /// <param name="index">And at what index.</param>
    static abstract void Sum(ArrayView<Quad> accumulators, int turn, ArrayView<float> result, int index);

    /// <summary>Stores the largest of the group's numbers, none of which is negative.</summary>
    /// <param name="numbers">One a thread, which may be used up.</param>
    /// <param name="turn">Which fold of the block it is, from 0.</param>
    /// <param name="result">Where the largest goes.</param>
    /// <param name="index">And at what index.</param>
    static abstract void Largest(ArrayView<float> numbers, int turn, ArrayView<float> result, int index);
}
