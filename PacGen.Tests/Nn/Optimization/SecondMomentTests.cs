using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>h, kept beside any optimizer, is that of its gradients, and changes nothing else.</summary>
internal sealed class SecondMomentTests
{
    private const int Count = 37, Steps = 9;

    private static readonly Optimizer[] Optimizers =
    [
        new Sgd(0.1),
        new Sgd(0.05, momentum: 0.9, nesterov: true, weightDecay: 1e-3),
        new Adam(1e-3, weightDecay: 1e-2),
        new Adam(1e-3, beta2: 0.99),
        new Adam(1e-3),
        new AdamW(1e-3),
    ];

    [TestCaseSource(nameof(Optimizers))]
    public void IsTheSmoothedSquareOfTheGradientAsApplied(Optimizer optimizer)
    {
        using CpuDevice device = new(1);
        (float[] weights, float[] h, double[] expected) = Run(optimizer, device, 0.999);
        Assert.That(
            h.Zip(expected, (kept, exact) => Math.Abs(kept - exact) / exact).Max(), Is.LessThan(1e-5), "βh + (1 − β)g²");
        Assert.That(Run(optimizer, device, null).Weights, Is.EqualTo(weights), "the same bits without");
    }

    [Test]
    public void ABetaThatIsNoneIsRefused()
    {
        using CpuDevice device = new(1);
        Assert.That(() => Run(new Sgd(0.1), device, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    /// <summary>Some steps with the gradient w/2 + noise, clipped, and h in double.</summary>
    private static (float[] Weights, float[] H, double[] Expected) Run(Optimizer optimizer, Device device, double? beta)
    {
        long before = device.AllocatedBytes;
        float[] weights, h;
        double[] expected = new double[Count];
        using (ParameterArena arena = new(new Linear(Count - 1, 1), device, 3))
        using (DeviceBuffer gradients = device.Allocate(Count))
        using (OptimizerSession session = optimizer.Attach(arena, gradients, 1, beta))
        {
            Assert.That(beta is null || session.SecondMomentBeta == beta);
            Random random = new(5);
            for (int step = 0; step < Steps; step++)
            {
                float[] g = [.. arena.Save().Select(w => (w / 2) + (float)random.NextDouble())];
                gradients.Write(0, g);
                const double Limit = 3;
                double norm = Math.Sqrt(g.Sum(value => (double)value * value)), scale = Math.Min(1, Limit / norm);
                Assert.That(session.TryUpdate(optimizer.LearningRate, Limit));
                for (int i = 0; i < Count; i++)
                {
                    expected[i] = (0.999 * expected[i]) + (0.001 * g[i] * scale * g[i] * scale);
                }
            }

            weights = arena.Save();
            h = session.SecondMoment is { } kept ? new Region(kept).ToArray() : [];
        }

        Assert.That(device.AllocatedBytes, Is.EqualTo(before), "memory is given back");
        return (weights, h, expected);
    }
}
