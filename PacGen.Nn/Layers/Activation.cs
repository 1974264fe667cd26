using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// An elementwise function as a layer: <c>new Activation&lt;Softplus&gt;()</c> for a function struct of one's own.
/// </summary>
/// <typeparam name="TFunction">The function; its derivative is registered with <see cref="Gradients.Register{T}"/>.</typeparam>
public sealed class Activation<TFunction> : Module
    where TFunction : struct, IUnaryFunction
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Tensor.Map<TFunction>(x);
}
