using PacGen.Kernels;
using Step = PacGen.Nn.GraphCompiler.Step;

namespace PacGen.Nn;

/// <summary>A sum of an expression and the sum of its squared deviations from the mean, which that sum gives.</summary>
internal static class MomentsPair
{
    /// <summary>The mean that a second sum's squares are about, where that is the first's; null where they are no pair.</summary>
    /// <param name="steps">All steps.</param>
    /// <param name="sum">The first sum's step, and what it sums.</param>
    /// <param name="squares">The second's.</param>
    /// <param name="source">The tensor whose memory a tensor shows.</param>
    public static Tensor? Mean(
        List<Step> steps, (Step Step, FusedReduce Sum) sum, (Step Step, FusedReduce Sum) squares, Func<Tensor, Tensor> source)
    {
        Tensor[] arguments = [.. sum.Step.Inputs.Concat(squares.Step.Inputs).Distinct()];
        if (arguments.Length > Expression.MaxArguments || sum.Sum.Source != squares.Sum.Source)
        {
            return null;
        }

        Expression e = In(sum), f = In(squares);
        return squares.Step.Inputs.FirstOrDefault(mean =>
            f.Equals(Expression.Unary<SquareFunction>().Substitute([
                Expression.Binary<SubtractFunction>().Substitute([e, Expression.Argument(Array.IndexOf(arguments, mean))])]))
            && IsMean(mean, sum.Sum.Source.Count / sum.Step.Output.Shape.Count));

        Expression In((Step Step, FusedReduce Sum) one) => one.Sum.Expression.Substitute(
            [.. one.Step.Inputs.Select(input => Expression.Argument(Array.IndexOf(arguments, input)))]);

        // The sum divided by the number of its terms.
        bool IsMean(Tensor tensor, long terms) =>
            steps.Find(step => step.Output == source(tensor)) is { Operation: FusedMap map, Inputs: var inputs }
                && map.Expression.Equals(Expression.Binary<MultiplyFunction>()) && source(inputs[0]) == sum.Step.Output
                && inputs[1].Values is [var share] && Math.Abs((share * (double)terms) - 1) < 1e-6;
    }
}
