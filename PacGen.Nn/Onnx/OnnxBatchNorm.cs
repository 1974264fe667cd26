using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Batch norm in evaluation, as <see cref="BatchNorm"/> writes it: x·f + (b − m·f), f = w/√(v + ε).</summary>
/// <param name="Node">The tensor.</param>
/// <param name="X">What is normalised.</param>
/// <param name="Weight">w.</param>
/// <param name="Bias">b.</param>
/// <param name="Mean">m, a running mean.</param>
/// <param name="Variance">v, a running variance.</param>
/// <param name="Epsilon">ε.</param>
internal sealed record OnnxBatchNorm(
    Tensor Node, Tensor X, Tensor Weight, Tensor Bias, Tensor Mean, Tensor Variance, float Epsilon)
{
    /// <summary>The batch norm that a tensor is; null where it is none.</summary>
    public static OnnxBatchNorm? Find(Tensor node)
    {
        if (Of<AddFunction>(node) is [var scaled, var shift] && Of<MultiplyFunction>(scaled) is [var x, var factor]
            && Of<SubtractFunction>(shift) is [{ Parameter: not null } bias, var moved]
            && Of<MultiplyFunction>(moved) is [{ State: not null } mean, var same] && same == factor
            && Of<DivideFunction>(factor) is [{ Parameter: not null } weight, var deviation]
            && Of<SqrtFunction>(deviation) is [var sum]
            && Of<AddFunction>(sum) is [{ State: not null } variance, { Values: [var epsilon] }]
            && x.Shape.Rank is 2 or 4)
        {
            return new OnnxBatchNorm(node, x, weight, bias, mean, variance, epsilon);
        }

        return null;
    }

    /// <summary>What a tensor is made of by a function of each element; nothing where it is another's.</summary>
    private static Tensor[] Of<TFunction>(Tensor node) =>
        node.Operation is FusedMap map && map.Expression.Function == typeof(TFunction) ? [.. node.Inputs] : [];
}
