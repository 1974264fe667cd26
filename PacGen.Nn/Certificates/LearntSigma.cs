using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// σ of a posterior that is learnt by gradients: of a draw u = σ·ε the loss's gradient is ∇L(w + u)·ε, and the KL's, of Gaussians
/// that are not cut off, σ/s² − 1/σ; ρ, of which σ is a function, is moved by Adam. What is certified has the exact KL.
/// </summary>
internal sealed class LearntSigma : IDisposable
{
    private const double Beta1 = 0.9, Beta2 = 0.999, Tiny = 1e-8;
    private readonly ParameterArena arena;
    private readonly NoisyWeights noise;
    private readonly PosteriorSigma form;
    private readonly double rate, scaleOfKl;
    private readonly DeviceBuffer rho, m, v, cap, pace;

    /// <param name="arena">w.</param>
    /// <param name="noise">What makes w + u: its levels are σ from now on.</param>
    /// <param name="form">How σ is written.</param>
    /// <param name="first">σ to begin with, above 0.</param>
    /// <param name="rate">Adam's rate for ρ.</param>
    /// <param name="scaleOfKl">What the KL's gradient is multiplied by, beside the strength of the pull.</param>
    public LearntSigma(
        ParameterArena arena, NoisyWeights noise, PosteriorSigma form, float[] first, double rate, double scaleOfKl)
    {
        (this.arena, this.noise, this.form, this.rate, this.scaleOfKl) = (arena, noise, form, rate, scaleOfKl);
        try
        {
            rho = arena.Device.Allocate(arena.Count);
            m = arena.Device.Allocate(arena.Count);
            v = arena.Device.Allocate(arena.Count);
            cap = arena.Device.Allocate(arena.Count);
            pace = arena.Device.Allocate(1);
        }
        catch
        {
            Dispose();
            throw;
        }

        noise.Set(first);
        rho.Write(0, Array.ConvertAll(first, Rho));
        m.Write(0, new float[first.Length]);
        v.Write(0, new float[first.Length]);
    }

    /// <summary>σ as it stands.</summary>
    public float[] Values() => new Region(noise.Levels).ToArray();

    /// <summary>Sets the largest σ, at which at most half of the Gaussian's mass is cut off.</summary>
    public void Limit(ReadOnlySpan<float> largest) => cap.Write(0, largest);

    /// <summary>To be called before each step.</summary>
    /// <param name="step">Its number, from 0.</param>
    /// <param name="factor">The schedule's factor of the rate.</param>
    public void Prepare(long step, double factor)
    {
        double correction = Math.Sqrt(1 - Math.Pow(Beta2, step + 1)) / (1 - Math.Pow(Beta1, step + 1));
        pace.Write(0, [(float)(rate * factor * correction)]);
    }

    /// <summary>Adds what moves ρ to the graph that runs after each pass.</summary>
    /// <param name="gradient">∇L at w + u, without the KL's.</param>
    /// <param name="weights">w.</param>
    /// <param name="precision">1/s², times what the KL's gradient is multiplied by.</param>
    /// <param name="strength">A factor of the KL's gradient.</param>
    /// <param name="bindings">Memory of the graph's leaves and outputs.</param>
    /// <returns>The outputs.</returns>
    public Tensor[] Update(
        Tensor gradient, Tensor weights, Tensor precision, Tensor strength, Dictionary<Tensor, Region> bindings)
    {
        Shape shape = gradient.Shape;
        Tensor perturbed = Input(noise.Weights), sigma = Input(noise.Levels), old = Input(rho), first = Input(m),
            second = Input(v), largest = Input(cap), step = Tensor.Input(Shape.Scalar, "pace");
        bindings[step] = new Region(pace);
        Tensor ofSigma = (gradient * (perturbed - weights) / sigma)
            + (strength * ((precision * sigma) - ((float)scaleOfKl / sigma)));
        Tensor ofRho = ofSigma * (form == PosteriorSigma.Softplus ? 1f - (-sigma).Exp() : 0.5f * sigma);
        Tensor newFirst = ((float)Beta1 * first) + ((float)(1 - Beta1) * ofRho);
        Tensor newSecond = ((float)Beta2 * second) + ((float)(1 - Beta2) * ofRho.Square());
        Tensor next = old - (step * newFirst / (newSecond.Sqrt() + (float)Tiny));
        Tensor newSigma = Tensor.Minimum(form == PosteriorSigma.Softplus ? next.Softplus() : (0.5f * next).Exp(), largest);
        bindings[newFirst] = new Region(m);
        bindings[newSecond] = new Region(v);
        bindings[next] = new Region(rho);
        bindings[newSigma] = new Region(noise.Levels);
        return [newFirst, newSecond, next, newSigma];

        Tensor Input(DeviceBuffer buffer)
        {
            Tensor input = Tensor.Input(shape, "of σ");
            bindings[input] = new Region(buffer);
            return input;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        rho?.Dispose();
        m?.Dispose();
        v?.Dispose();
        cap?.Dispose();
        pace?.Dispose();
    }

    /// <summary>ρ of a σ; log(e^σ − 1) without loss where σ is small.</summary>
    private float Rho(float sigma) => form == PosteriorSigma.Softplus
        ? (float)(sigma + Math.Log(1 - Math.Exp(-(double)sigma))) : (float)(2 * Math.Log(sigma));
}
