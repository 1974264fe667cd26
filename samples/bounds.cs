#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// What the sample says of the expected loss: PAC-Bayes bounds from four numbers, and Lemma 6 from weights and curvature.
//
//     dotnet run samples/bounds.cs

using PacGen.Core.Bounds;

// A posterior with 2 % empirical loss on 60,000 examples, KL = 500 from a prior that was chosen before; each bound may fail with
// probability δ.
const double Loss = 0.02, Kl = 500, Delta = 0.025;
const long Examples = 60_000;

// The posterior's empirical loss is known from 1,000 draws only: limit it first, with a δ′ of its own.
BoundResult limit = MonteCarloRisk.UpperLimit(Loss, 1000, 0.01);
Console.WriteLine($"{limit}\n");

BoundResult[] bounds =
[
    PacBayesHoeffding.ForEta(limit.Value, Kl, Examples, Delta, eta: 8000),
    PacBayesHoeffding.Optimized(limit.Value, Kl, Examples, Delta),
    McAllester.Bound(limit.Value, Kl, Examples, Delta),
    QuadraticBound.Bound(limit.Value, Kl, Examples, Delta),
    Catoni.OverGrid(limit.Value, Kl, Examples, Delta),
    MaurerSeeger.Bound(limit.Value, Kl, Examples, Delta),
];
foreach (BoundResult bound in bounds)
{
    Console.WriteLine($"{bound}\n");
}

// Which bound to quote is decided beforehand; Maurer–Seeger is never above McAllester's and the quadratic one.
Console.WriteLine($"With probability {1 - Delta - 0.01:P1} the expected test loss is below {bounds[^1].Value:P2}.\n");

// Lemma 6 (13): three weights, the diagonal of the empirical loss's Hessian, ρ, and a neighbourhood κ = γ|w| + ε.
double[] weights = [0.5, -1.2, 0.1], curvature = [0.8, 0.02, 0];
LocalSmoothness smoothness = new(rho: 0.1, gamma: 0.1, epsilon: 0.05);
Console.WriteLine(
    UniformBound.Lemma6<double>(new BoundSample(0.05, Examples, Delta), eta: 1000, smoothness, weights, curvature, Tau.Fixed(2)));
