using FsCheck;
using FsCheck.Fluent;
using Microsoft.FSharp.Core;

namespace PacGen.Tests.Core;

/// <summary>What a PAC-Bayes inequality takes, at random over many orders of magnitude; the seed says all.</summary>
internal sealed class PacBayesProblem
{
    public PacBayesProblem(int seed)
    {
        Random random = new(seed);
        double Log(double low, double high) => Math.Pow(10, low + ((high - low) * random.NextDouble()));
        Loss = random.Next(6) switch { 0 => 0, 1 => 1, 2 => Log(-6, 0), _ => random.NextDouble() };
        Kl = random.Next(6) == 0 ? 0 : Log(-3, 8);
        Size = (long)Log(0, 9);
        Delta = Log(-12, -1e-3);
        Eta = Log(-2, 2) * Math.Sqrt(Size);
        Lambda = 1e-6 + (1.999 * random.NextDouble());
        Ratio = 1.05 + (5 * random.NextDouble());
    }

    public double Loss { get; }

    public double Kl { get; }

    public long Size { get; }

    public double Delta { get; }

    public double Eta { get; }

    public double Lambda { get; }

    public double Ratio { get; }

    /// <summary>Checks a property on 500 problems, the same ones each time; a failure prints the seed.</summary>
    public static void ForAll(Action<PacBayesProblem> property) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(500).WithReplay(
            FSharpOption<Replay>.Some(new Replay(new Rnd(20_190_402), FSharpOption<int>.None))),
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue - 1)), seed => property(new PacBayesProblem(seed))));

    public override string ToString() =>
        $"L̂ = {Loss:R}, KL = {Kl:R}, n = {Size}, δ = {Delta:R}, η = {Eta:R}, λ = {Lambda:R}, c = {Ratio:R}";
}
