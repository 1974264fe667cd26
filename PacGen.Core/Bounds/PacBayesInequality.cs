namespace PacGen.Core.Bounds;

/// <summary>
/// An inequality for a posterior's expected loss that grows with its empirical loss and its divergence, such as
/// <see cref="MaurerSeeger.Bound"/>, <see cref="McAllester.Bound"/>, <see cref="QuadraticBound.Bound"/>, or Catoni's at an η
/// chosen before: <c>(loss, kl, n, delta) => Catoni.ForEta(loss, kl, n, delta, eta)</c>.
/// </summary>
/// <param name="loss">The posterior's empirical loss or an upper limit of it, in [0, 1].</param>
/// <param name="kl">KL(posterior‖prior).</param>
/// <param name="n">The sample's size.</param>
/// <param name="delta">δ.</param>
public delegate BoundResult PacBayesInequality(double loss, double kl, long n, double delta);
