#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// An optimizer of one's own, AdaBelief: a rule and a record. Run it with: dotnet run -c Release samples/custom-optimizer.cs

using PacGen.Core.Lanes;
using PacGen.Core.Optimization;
using PacGen.Nn;

foreach (Optimizer optimizer in (Optimizer[])[new AdaBelief(2e-3), new PerturbedOptimizer(new AdaBelief(2e-3), eta: 0.01)])
{
    TrainingOptions options = new() { Epochs = 5, BatchSize = 32, ClipNorm = 1, Schedule = LearningRateSchedule.Cosine(5) };
    using Trainer trainer = new(new Mlp(64, 64, 10), Datasets.Digits(), optimizer, options);
    Console.WriteLine($"{optimizer}\n{trainer.Run()[^1]}");
}

// m ← β₁m + (1−β₁)g, s ← β₂s + (1−β₂)(g−m)², w ← w − lr·√(1−β₂ᵗ)/(1−β₁ᵗ) · m/(√s + ε). Fields are a step's numbers.
internal readonly struct AdaBeliefRule(long step, double rate, AdaBelief of) : IUpdateRule
{
    private readonly float p = (float)(1 - of.Beta1), q = (float)(1 - of.Beta2), epsilon = (float)of.Epsilon;
    private readonly float rate = (float)(rate * Math.Sqrt(1 - Math.Pow(of.Beta2, step)) / (1 - Math.Pow(of.Beta1, step)));

    public static IReadOnlyList<string> StateNames => ["m", "s"];

    public T Step<T>(T weight, T gradient, ref States<T> states) where T : struct, ILane<T>
    {
        ref T m = ref states.First, s = ref states.Second;
        m = T.Fma(T.Constant(p), gradient - m, m);
        s = T.Fma(T.Constant(q), ((gradient - m) * (gradient - m)) - s, s);
        return T.Fma(T.Constant(-rate), m / (T.Sqrt(s) + T.Constant(epsilon)), weight);
    }
}

internal sealed record AdaBelief(double LearningRate, double Beta1 = 0.9, double Beta2 = 0.999, double Epsilon = 1e-8)
    : Optimizer<AdaBeliefRule>(LearningRate)
{
    protected override AdaBeliefRule At(long step, double learningRate) => new(step, learningRate, this);
}
