using PacGen.Core.Bounds;
using PacGen.Core.Optimization;
using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Benchmarks.Suites;

/// <summary>Passes over all parameters of a model.</summary>
internal static class ParameterWork
{
    /// <summary>The parameters of the network of the paper's figure 7, a Wide ResNet of depth 58 and width 3.</summary>
    public const int WideResNet = 7_661_722;

    /// <summary>All passes over one count of parameters.</summary>
    public static IEnumerable<Work> All(int parameters) =>
    [
        Perturb<UniformNoise>(parameters), Perturb<TruncatedGaussianNoise>(parameters), Update(parameters), Psi(parameters),
        UniformBound(parameters), GaussianBound(parameters),
    ];

    /// <summary>A copy within a GPU's memory by its driver, of as many numbers.</summary>
    public static Work DriverCopy(int count) => Pass(
        $"driver's copy, {count:N0} numbers", count, 2, 8, (device, arrays) =>
            CopyLaunch.Create((GpuDevice)device, arrays[0], arrays[1]));

    /// <summary>Lines 6 to 9 of Algorithm 1 alone: reads w, h and g, writes w + u.</summary>
    /// <typeparam name="TNoise">The distribution of u.</typeparam>
    public static Work Perturb<TNoise>(int parameters)
        where TNoise : struct, INoise
    {
        string noise = typeof(TNoise) == typeof(TruncatedGaussianNoise) ? " (truncated Gaussian)" : "";
        return Pass($"perturb{noise}, {parameters:N0} parameters", parameters, 4, 16, (device, arrays) =>
        {
            RandomMapLaunch<PerturbSettings> launch =
                PerturbLaunch.Create<TNoise>(device, arrays[0], arrays[1], arrays[2], arrays[3]);
            launch.Settings = new AlgorithmOne(eta: 0.01)
                .Settings(epoch: 3, completedSteps: 1, stepNorm: 0.1, BenchValues.Seed, stream: 1, step: 1);
            return launch;
        });
    }

    /// <summary>Adam's update alone, whose second moment is h: reads w, g, m and h, writes w, m and h, and sums (Δw)².</summary>
    public static Work Update(int parameters) => Pass(
        $"Adam update, {parameters:N0} parameters", parameters, 4, 28, (device, arrays) =>
        {
            UpdateLaunch<AdamRule> launch = UpdateLaunch.Create<AdamRule>(device, arrays[0], arrays[2], [arrays[3], arrays[1]]);
            launch.Settings = new(new AdamRule(1000, 1e-4));
            return launch;
        });

    /// <summary>Both as training does them, ‖Δw‖ of the one step being what the next reads.</summary>
    public static Work PerturbAndUpdate(int parameters) => new(
        $"perturb + Adam update, {parameters:N0} parameters", 0, 44.0 * parameters, 20.0 * parameters, (device, _) =>
        {
            ParameterArena arena = new(new FlatModule(parameters), device, BenchValues.Seed);
            DeviceBuffer gradients = device.Allocate(parameters);
            BenchValues.Fill(new Region(gradients), 0.05f);
            OptimizerSession session = new PerturbedOptimizer(new Adam(1e-4), new AlgorithmOne(eta: 0.01))
                .Attach(arena, gradients, BenchValues.Seed);
            session.TryUpdate(1e-4);
            return new PreparedWork(
                device,
                () =>
                {
                    session.Perturb(3);
                    session.TryUpdate(1e-4);
                },
                session, gradients, arena);
        });

    /// <summary>The score Ψ's sum: reads w and h.</summary>
    public static Work Psi(int parameters) => Pass($"Ψ, {parameters:N0} parameters", parameters, 2, 8, (device, arrays) =>
    {
        SumLaunch<PsiSettings> launch = SumLaunch<PsiSettings>.Create<PsiTerm>(device, arrays[0], arrays[1]);
        launch.Settings = PsiSettings.Of(new Neighborhood(0.1, 0.1), rho: 1, parameters);
        return launch;
    });

    /// <summary>The sums of Lemma 6, KL of a uniform posterior and sharpness: reads w and the curvature.</summary>
    public static Work UniformBound(int parameters) => Pass(
        $"KL sums, uniform (Lemma 6), {parameters:N0} parameters", parameters, 2, 8, (device, arrays) =>
        {
            SumLaunch<UniformBoundSettings> launch =
                SumLaunch<UniformBoundSettings>.Create<UniformBoundTerm>(device, arrays[0], arrays[1]);
            launch.Settings = UniformBoundSettings.Of(
                new LocalSmoothness(rho: 1, gamma: 0.1, epsilon: 0.1), 1, Tau.OfWeights(), parameters);
            return launch;
        });

    /// <summary>The sums of Lemma 8, KL of a Gaussian posterior and sharpness: reads w and the curvature.</summary>
    public static Work GaussianBound(int parameters) => Pass(
        $"KL sums, Gaussian (Lemma 8), {parameters:N0} parameters", parameters, 2, 8, (device, arrays) =>
        {
            SumLaunch<GaussianBoundSettings> launch =
                SumLaunch<GaussianBoundSettings>.Create<GaussianBoundTerm>(device, arrays[0], arrays[1]);
            launch.Settings = GaussianBoundSettings.Of(new LocalSmoothness(rho: 1, gamma: 0.1, epsilon: 0.1), 1, 1, parameters);
            return launch;
        });

    /// <summary>A launch over arrays of m numbers each: w, then h, which is positive, then g and one more.</summary>
    private static Work Pass(
        string name, int parameters, int arrays, double bytesEach, Func<Device, Region[], Launch> create) =>
        new(name, 0, bytesEach * parameters, 4.0 * arrays * parameters, (device, _) =>
        {
            List<IDisposable> owned = [];
            try
            {
                Region[] regions = new Region[arrays];
                for (int i = 0; i < arrays; i++)
                {
                    DeviceBuffer buffer = device.Allocate(parameters, "what is measured");
                    owned.Add(buffer);
                    regions[i] = new Region(buffer);
                    BenchValues.Fill(regions[i], i == 1 ? 5e-4f : 0.05f, i == 1 ? 6e-4f : 0);
                }

                Launch launch = create(device, regions);
                owned.Insert(0, launch);
                return new PreparedWork(device, launch.Run, owned);
            }
            catch
            {
                owned.ForEach(one => one.Dispose());
                throw;
            }
        });

    private sealed class FlatModule(int count) : Module
    {
        private readonly Parameter weights = new(new Shape(count), Initializer.Uniform(0.05));

        public override Tensor Forward(Tensor x) => x * weights;
    }
}
