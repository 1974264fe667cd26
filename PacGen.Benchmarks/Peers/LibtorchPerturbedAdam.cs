using TorchSharp;
using static TorchSharp.torch;

namespace PacGen.Benchmarks.Peers;

/// <summary>Algorithm 1's elementwise halves around a gradient, with Adam as OPT, in libtorch operations on one flat tensor.
/// Adam's second moment is h, as in PacGen. Each half stands in two formulations that give the same numbers: with every operation
/// in place on tensors that exist, and as expressions whose temporaries the surrounding dispose scope releases.</summary>
internal sealed class LibtorchPerturbedAdam(int parameters)
{
    /// <summary>γ of κ.</summary>
    public const float Gamma = 0.1f;

    /// <summary>The smoothing of h: the algorithm's β₁ and Adam's β₂.</summary>
    public const float Smoothing = 0.999f;

    /// <summary>The algorithm's β₂: a weight whose gradient is larger isn't perturbed.</summary>
    public const float GradientLimit = 0.1f;

    /// <summary>ε of κ.</summary>
    public const float Epsilon = 1e-5f;

    /// <summary>η.</summary>
    public const float Eta = 0.01f;

    /// <summary>Adam's smoothing of the gradient.</summary>
    public const float AdamBeta1 = 0.9f;

    /// <summary>Adam's ε.</summary>
    public const float AdamEpsilon = 1e-8f;

    /// <summary>Adam's learning rate.</summary>
    public const float LearningRate = 1e-4f;

    private readonly Tensor a = empty(parameters);
    private readonly Tensor b = empty(parameters);
    private readonly Tensor c = empty(parameters);

    /// <summary>The weights.</summary>
    public Tensor W { get; } = randn(parameters).mul_(0.05f);

    /// <summary>The gradient: on both sides of 0 and of the limit β₂.</summary>
    public Tensor G { get; } = randn(parameters).mul_(0.05f);

    /// <summary>The smoothed square of the gradient.</summary>
    public Tensor H { get; } = rand(parameters).mul_(0.005f);

    /// <summary>Adam's first moment.</summary>
    public Tensor M { get; } = zeros(parameters);

    /// <summary>w + u.</summary>
    public Tensor Perturbed { get; } = empty(parameters);

    /// <summary>‖Δw‖ of the last update.</summary>
    public float Norm { get; private set; } = 1e-3f;

    /// <summary>The updates so far, for Adam's bias correction.</summary>
    public int Step { get; private set; }

    /// <summary>Lines 6 to 9, in place.</summary>
    public void PerturbInPlace(int epoch)
    {
        float log = MathF.Log(1 + epoch), rho = (1 - Smoothing) / Smoothing / Norm;
        a.copy_(H).addcmul_(G, G, -1).abs_();                                       // |g² - h|, ρ without its factor
        b.copy_(W).abs_().mul_(Gamma / log).add_(Epsilon);                          // κ
        c.copy_(H).addcmul_(a, b, rho).rsqrt_().mul_(1 / (log * MathF.Sqrt(Eta)));  // 1 / (log(1 + epoch) √(η(h + ρκ)))
        using Tensor sigma = minimum(c, b);
        sigma.mul_(a.copy_(G).abs_().lt_(GradientLimit));
        Perturbed.uniform_(-1, 1).mul_(sigma).add_(W);
    }

    /// <summary>Lines 6 to 9, as expressions.</summary>
    public void PerturbByExpressions(int epoch)
    {
        float log = MathF.Log(1 + epoch), rho = (1 - Smoothing) / Smoothing / Norm;
        Tensor kappa = W.abs().mul_(Gamma / log).add_(Epsilon);
        Tensor curvature = addcmul(H, addcmul(H, G, G, -1).abs_(), kappa, rho);
        Tensor sigma = minimum(curvature.rsqrt_().mul_(1 / (log * MathF.Sqrt(Eta))), kappa);
        sigma.masked_fill_(G.abs().ge(GradientLimit), 0);
        Perturbed.uniform_(-1, 1).mul_(sigma).add_(W);
    }

    /// <summary>Lines 11 and 12, in place.</summary>
    public void UpdateInPlace()
    {
        (float first, float second) = Moments();
        a.copy_(H).sqrt_().mul_(1 / MathF.Sqrt(second)).add_(AdamEpsilon);
        b.copy_(M).div_(a);
        Norm = b.norm().item<float>() * LearningRate / first;
        W.add_(b, -LearningRate / first);
    }

    /// <summary>Lines 11 and 12, as expressions.</summary>
    public void UpdateByExpressions()
    {
        (float first, float second) = Moments();
        Tensor change = div(M, H.sqrt().mul_(1 / MathF.Sqrt(second)).add_(AdamEpsilon));
        Norm = change.norm().item<float>() * LearningRate / first;
        W.add_(change, -LearningRate / first);
    }

    /// <summary>Both moments smoothed; returns their bias corrections.</summary>
    private (float First, float Second) Moments()
    {
        Step++;
        M.mul_(AdamBeta1).add_(G, 1 - AdamBeta1);
        H.mul_(Smoothing).addcmul_(G, G, 1 - Smoothing);
        return (1 - MathF.Pow(AdamBeta1, Step), 1 - MathF.Pow(Smoothing, Step));
    }
}
