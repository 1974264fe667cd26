using MathNet.Numerics.LinearAlgebra;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>Measures of the Hessian against their closed forms for least squares.</summary>
internal sealed class CurvatureTests
{
    [TestCase(true)]
    [TestCase(false)]
    public void EigenvaluesOfLeastSquares(bool full)
    {
        using Quadratic quadratic = full ? Quadratic.Full() : Quadratic.Diagonal();
        double[] spectrum = [.. quadratic.Hessian.Evd(Symmetricity.Symmetric).EigenValues.Select(value => value.Real)];
        ExtremeEigenvalues found = Lanczos.Measure(quadratic.Empirical, new LanczosOptions { Tolerance = 1e-6 });
        Assert.That(found.Converged, Is.True);
        Assert.That(found.Largest, Is.EqualTo(spectrum[^1]).Within(1e-3).Percent);
        Assert.That(found.Largest, Is.LessThanOrEqualTo(spectrum[^1] * (1 + 1e-6)), "a Rayleigh quotient");
        Assert.That(found.Smallest, Is.GreaterThanOrEqualTo(spectrum[0] - (1e-6 * spectrum[^1])));
        Assert.That(found.Products, Is.LessThanOrEqualTo(7));
    }

    [Test]
    public void FewProductsGiveALowerEstimateThatSaysSo()
    {
        using Quadratic quadratic = Quadratic.Full(40, 200);
        double largest = quadratic.Hessian.Evd(Symmetricity.Symmetric).EigenValues.Max(value => value.Real);
        ExtremeEigenvalues one = Lanczos.Measure(quadratic.Empirical, new LanczosOptions { Products = 1 });
        Assert.That(one.Converged, Is.False);
        Assert.That(one.Largest, Is.LessThan(largest));
        Assert.That(
            largest - one.Largest, Is.GreaterThan(0.01 * largest), "one product is not enough here, so that the flag matters");
    }

    /// <summary>
    /// L̂ = ½ Σ dᵢwᵢ² with d = (−1000, 1/49, …, 49/49) has λ_max = 1 and λ_min = −1000. After a few products the largest Ritz
    /// value is far from 1 with a residual that is small beside 1000: it is not converged by its own measure.
    /// </summary>
    [TestCase(6, false)]
    [TestCase(60, true)]
    public void AnEigenvalueIsMeasuredByItsOwnSizeNotByTheOtherEnds(int products, bool converges)
    {
        float[] d = [-1000, .. Enumerable.Range(1, 49).Select(i => i / 49f)];
        Tensor diagonal = Tensor.Constant(new Shape(50), d);
        using Weights weights = new(50, (output, _) => (output.Square() * diagonal).Sum() * 0.5f);
        ExtremeEigenvalues found = Lanczos.Measure(weights.Empirical, new LanczosOptions { Products = products });
        Assert.That(found.Converged, Is.EqualTo(converges), $"{found}");
        Assert.That(found.Largest, converges ? Is.EqualTo(1).Within(2e-3) : Is.LessThan(0.99), $"{found}");
        Assert.That(found.Smallest, Is.EqualTo(-1000).Within(0.5));
        Assert.That(found.SmallestConverged, Is.True);

        // The same spectrum turned round: the largest ends it at once, and the smallest says that it is not there.
        using Weights turned = new(50, (output, _) => (output.Square() * diagonal).Sum() * -0.5f);
        ExtremeEigenvalues other = Lanczos.Measure(turned.Empirical, new LanczosOptions { Products = products });
        Assert.That(other.Converged, Is.True);
        Assert.That(other.Largest, Is.EqualTo(1000).Within(0.5));
        Assert.That(other.SmallestConverged, Is.False, $"{other}");
    }

    /// <summary>d = (−1000, −1, 0, …): λ_max is 0, of which no share can be known; the residual says how near 0 it is.</summary>
    [Test]
    public void ALargestEigenvalueOfZeroIsNotCalledConvergedButItsResidualIsSmall()
    {
        Tensor diagonal = Tensor.Constant(new Shape(6), [-1000, -1, 0, 0, 0, 0]);
        using Weights weights = new(6, (output, _) => (output.Square() * diagonal).Sum() * 0.5f);
        ExtremeEigenvalues found = Lanczos.Measure(weights.Empirical);
        Assert.That(found.Largest, Is.Zero.Within(1e-3));
        Assert.That(found.LargestResidual, Is.InRange(1000 * Math.Pow(2, -23), 1e-2));
        Assert.That(found.Converged, Is.False);
    }

    /// <summary>
    /// 3,000 eigenvalues within 10⁻⁷ of ½, one of 1: after one product the residual of ½ is below its tolerance, and λ_max is
    /// 1.
    /// </summary>
    [Test]
    public void AnEigenvalueThatIsNotTheLargestEndsNothing()
    {
        float[] d = [.. Enumerable.Range(0, 3000).Select(i => i == 17 ? 1 : 0.5f + (i * 1e-11f))];
        Tensor diagonal = Tensor.Constant(new Shape(d.Length), d);
        using Weights weights = new(d.Length, (output, _) => (output.Square() * diagonal).Sum() * 0.5f);
        ExtremeEigenvalues found = Lanczos.Measure(weights.Empirical, new LanczosOptions { Tolerance = 0.03 });
        Assert.That(found.Largest, Is.EqualTo(1).Within(1e-4), $"{found}");
        Assert.That(found.Converged, Is.True);
    }

    /// <summary>Spectra of one eigenvalue: one product spans all, and nothing is divided by 0.</summary>
    [TestCase(1)]
    [TestCase(0)]
    [TestCase(-1)]
    public void OneEigenvalue(float value)
    {
        const int Count = 20;
        Tensor diagonal = Tensor.Constant(new Shape(Count), [.. Enumerable.Repeat(value, Count)]);
        using Weights weights = new(Count, (output, _) => (output.Square() * diagonal).Sum() * 0.5f);
        EmpiricalLoss subject = weights.Empirical;
        ExtremeEigenvalues ends = Lanczos.Measure(subject);
        Assert.That((ends.Largest, ends.Smallest), Is.EqualTo((value, value)).Within(1e-6));
        Assert.That((ends.Converged, ends.SmallestConverged), Is.EqualTo((true, true)));
        Assert.That(ends.Products, Is.EqualTo(1));

        SpectralDensity density = LanczosQuadrature.Measure(subject, new SpectralDensityOptions { Alpha = 0.25 });
        Assert.That(density.Nodes, Has.Count.EqualTo(2), "one for each random vector");
        Assert.That(density.Mass(value - 1e-6, value + 1e-6), Is.EqualTo(1).Within(1e-9));
        Assert.That(density.Value, Is.EqualTo(value > 0 ? 0.8 * Count : 0).Within(1e-5));
        Assert.That(density.Sum(eigenvalue => eigenvalue), Is.EqualTo(value * Count).Within(1e-5));
        double width = density.Width;
        Assert.That(width, Is.EqualTo(0.01).Within(1e-9));
        double integral = Enumerable.Range(-800, 1600).Sum(i => density.At(value + ((i + 0.5) * width / 100)) * width / 100);
        Assert.That(integral, Is.EqualTo(1).Within(1e-6), "a density");

        TraceEstimate trace = HutchPlusPlus.Measure(subject);
        Assert.That(trace.Value, Is.EqualTo(value * Count).Within((6 * trace.Outside.StandardError) + 1e-4));
        Assert.That(FrobeniusNorm.Measure(subject).Value, Is.EqualTo(Math.Sqrt(Count) * Math.Abs(value)).Within(1e-5));
        CurvatureBlock block = LayerCurvatureMeter.Measure(subject).Blocks.Single();
        Assert.That((block.LargestEigenvalue, block.Trace.Value), Is.EqualTo((value, value * Count)).Within(1e-5));
        Assert.That(block.Converged, Is.True);
    }

    /// <summary>Known masses: with a diagonal matrix and signs each vector has the same share of every eigenvalue.</summary>
    [Test]
    public void MassesOfADiagonalMatrixAreExact()
    {
        float[] d =
            [.. Enumerable.Repeat(-2f, 10), .. Enumerable.Repeat(0f, 60), .. Enumerable.Repeat(1f, 25), 40, 40, 40, 41, 90];
        Tensor diagonal = Tensor.Constant(new Shape(d.Length), d);
        using Weights weights = new(d.Length, (output, _) => (output.Square() * diagonal).Sum() * 0.5f);
        SpectralDensity found = LanczosQuadrature.Measure(weights.Empirical);
        Assert.That(found.Count, Is.EqualTo(100));
        foreach ((double eigenvalue, double mass) in new[] { (-2, 0.1), (0, 0.6), (1, 0.25), (40, 0.03), (41, 0.01), (90, 0.01) })
        {
            Assert.That(found.Mass(eigenvalue - 0.01, eigenvalue + 0.01), Is.EqualTo(mass).Within(1e-4), $"{eigenvalue}");
        }

        Assert.That(found.Mass(double.NegativeInfinity, double.PositiveInfinity), Is.EqualTo(1).Within(1e-9));
        Assert.That(found.Sum(value => value), Is.EqualTo(d.Sum()).Within(1e-3));
        Assert.That((found.Smallest, found.Largest), Is.EqualTo((-2, 90)).Within(1e-3));
    }

    /// <summary>
    /// H = 2/n XᵀX of 40 features: masses of a matrix that is not diagonal, within what 200 random vectors leave uncertain.
    /// </summary>
    [Test]
    public void MassesOfAFullMatrixAreUnbiased()
    {
        using Quadratic quadratic = Quadratic.Full(40, 200);
        double[] spectrum = [.. quadratic.Hessian.Evd(Symmetricity.Symmetric).EigenValues.Select(value => value.Real)];
        const int Probes = 200;
        SpectralDensity found =
            LanczosQuadrature.Measure(quadratic.Empirical, new SpectralDensityOptions { Probes = Probes, Alpha = 0.05 });
        double middle = (spectrum[19] + spectrum[20]) / 2, edge = (spectrum[38] + spectrum[39]) / 2;
        Assert.That(found.Mass(double.NegativeInfinity, middle), Is.EqualTo(0.5).Within(5 * 0.5 / Math.Sqrt(Probes * 20)));
        Assert.That(
            found.Mass(edge, double.PositiveInfinity), Is.EqualTo(1 / 40.0).Within(5 * Math.Sqrt(2) / 40 / Math.Sqrt(Probes)));
        double dimension = spectrum.Sum(value => value / (value + 0.05));
        Assert.That(found.Value, Is.EqualTo(dimension).Within(5 * (found.Uncertainty.High - found.Value)));
        Assert.That(found.Uncertainty.High - found.Value, Is.LessThan(0.05 * dimension));
    }

    /// <summary>16 eigenvalues beside 24 that are 0: Hutch++ takes them exactly, Hutchinson does not.</summary>
    [Test]
    public void HutchPlusPlusIsTheBetterWhereFewEigenvaluesRule()
    {
        using Quadratic quadratic = Quadratic.Full(40, 16);
        double trace = quadratic.Hessian.Trace();
        TraceEstimate found = HutchPlusPlus.Measure(quadratic.Empirical, new HutchPlusPlusOptions { Products = 60 });
        HessianMoments plain = Hutchinson.Measure(quadratic.Empirical, new HutchinsonOptions { Draws = 60 });
        Assert.That(found.Value, Is.EqualTo(trace).Within(1e-5 * trace));
        Assert.That(found.Outside.StandardError, Is.LessThan(1e-3 * plain.Trace.StandardError));
        Assert.That(found.Directions, Is.EqualTo(16), "no direction is taken of rounding");
    }

    [Test]
    public void OptionsOutOfRangeAreErrors()
    {
        using Quadratic quadratic = Quadratic.Full();
        EmpiricalLoss subject = quadratic.Empirical;
        Assert.That(
            () => LanczosQuadrature.Measure(subject, new SpectralDensityOptions { Probes = 0 }),
            Throws.ArgumentException.With.Message.Contains("random vectors is 0"));
        Assert.That(
            () => LanczosQuadrature.Measure(subject, new SpectralDensityOptions { Alpha = double.NaN }),
            Throws.ArgumentException.With.Message.Contains("α is NaN"));
        Assert.That(
            () => HutchPlusPlus.Measure(subject, new HutchPlusPlusOptions { Products = 2 }),
            Throws.ArgumentException.With.Message.Contains("at least 3"));
        Assert.That(
            () => LayerCurvatureMeter.Measure(subject, new LayerCurvatureOptions { Draws = 0 }),
            Throws.ArgumentException.With.Message.Contains("draws is 0"));
    }

    /// <summary>
    /// L̂ = c Σ wᵢ² at w = 0: ⟨∇L̂, v⟩ is 0 for any v, but ∇²L̂·v is 2cv, beyond single precision for c = 3·10³⁸.
    /// </summary>
    [Test]
    public void AProductThatIsNotFiniteIsAnError()
    {
        using Weights weights = new(3, (output, _) => output.Square().Sum() * 3e38f);
        weights.Empirical.MoveTo(new float[3]);
        Assert.That(weights.Empirical.Value(), Is.Zero);
        Assert.That(() => weights.Empirical.HessianProduct([1, 1, 1], new double[3]), Throws.TypeOf<TrainingException>());
    }

    [Test]
    public void TheDiagonalIsExact()
    {
        using Quadratic quadratic = Quadratic.Full();
        Assert.That(
            HessianDiagonalEstimator.Measure(quadratic.Empirical).Entries,
            Is.EqualTo(quadratic.Hessian.Diagonal().ToArray()).Within(1e-5));
    }

    /// <summary>With v of ±1 a diagonal Hessian's trace has no variance at all; a full one's has 2(‖H‖_F² − Σ Hᵢᵢ²).</summary>
    [Test]
    public void HutchinsonIsUnbiasedWithTheRightStandardError()
    {
        using Quadratic diagonal = Quadratic.Diagonal();
        HessianMoments sharp = Hutchinson.Measure(diagonal.Empirical, new HutchinsonOptions { Draws = 3 });
        Assert.That(sharp.Trace.Value, Is.EqualTo(diagonal.Hessian.Trace()).Within(1e-4).Percent);
        Assert.That(sharp.Trace.StandardError, Is.LessThan(1e-6 * sharp.Trace.Value));
        Assert.That(sharp.SquaredFrobenius.Value, Is.EqualTo(Math.Pow(diagonal.Hessian.FrobeniusNorm(), 2)).Within(1e-4).Percent);

        using Quadratic full = Quadratic.Full();
        const int Draws = 400;
        HessianMoments moments = Hutchinson.Measure(full.Empirical, new HutchinsonOptions { Draws = Draws, Seed = 11 });
        double squares = Math.Pow(full.Hessian.FrobeniusNorm(), 2), ownSquares = full.Hessian.Diagonal().Sum(
            value => value * value);
        double error = Math.Sqrt(2 * (squares - ownSquares) / Draws);
        Assert.That(moments.Trace.StandardError, Is.EqualTo(error).Within(25).Percent);
        Assert.That(moments.Trace.Value, Is.EqualTo(full.Hessian.Trace()).Within(5 * error));
        Assert.That(moments.SquaredFrobenius.Value, Is.EqualTo(squares).Within(5 * moments.SquaredFrobenius.StandardError));
        for (int i = 0; i < 7; i++)
        {
            // Var (v ⊙ Hv)ᵢ = Σ_{j≠i} Hᵢⱼ².
            double own = Math.Sqrt((full.Hessian.Row(i).Sum(value => value * value) - Math.Pow(full.Hessian[i, i], 2)) / Draws);
            Assert.That(moments.Diagonal[i], Is.EqualTo(full.Hessian[i, i]).Within(5 * own));
        }
    }

    [Test]
    public void ASeedDecides()
    {
        using Quadratic quadratic = Quadratic.Full();
        MeanEstimate Trace(ulong seed) =>
            Hutchinson.Measure(quadratic.Empirical, new HutchinsonOptions { Draws = 5, Seed = seed }).Trace;
        MeanEstimate first = Trace(1);
        Assert.That(Trace(1), Is.EqualTo(first));
        Assert.That(Trace(2), Is.Not.EqualTo(first));
        ExtremeEigenvalues Ends() => Lanczos.Measure(quadratic.Empirical, new LanczosOptions { Products = 3 });
        ExtremeEigenvalues ends = Ends();
        Assert.That(Ends(), Is.EqualTo(ends));
    }

    /// <summary>The trace by m products, by Hutchinson, and λ_max against both ends of a real network's spectrum.</summary>
    [Test]
    public void AnMlpOnDigits()
    {
        Dataset digits = Datasets.Digits();
        Mlp model = new(64, 5, 10);
        using Trainer trainer = new(model, digits, new Sgd(0.1), new TrainingOptions { Epochs = 2 });
        trainer.Run();
        using EmpiricalLoss empirical = new(model, trainer.Arena, digits.Train.Take(200));
        IReadOnlyList<double> diagonal = HessianDiagonalEstimator.Measure(empirical).Entries;
        HessianMoments moments = Hutchinson.Measure(empirical, new HutchinsonOptions { Draws = 200 });
        ExtremeEigenvalues ends = Lanczos.Measure(empirical);
        Assert.That(moments.Trace.Value, Is.EqualTo(diagonal.Sum()).Within(5 * moments.Trace.StandardError));
        Assert.That(ends.Converged, Is.True);
        Assert.That(ends.Largest, Is.GreaterThan(diagonal.Max()).And.LessThan(Math.Sqrt(moments.SquaredFrobenius.Value) * 1.2));
        Assert.That(ends.Smallest, Is.LessThan(diagonal.Min()));
    }

    /// <summary>A model that is nothing but weights: the output for the one image is w.</summary>
    private sealed class Weights : Module, IDisposable
    {
        private readonly Parameter w;
        private readonly ParameterArena arena;

        public Weights(int count, Func<Tensor, Tensor, Tensor> loss)
        {
            w = new Parameter(new Shape(count), Initializer.Constant(1));
            arena = new ParameterArena(this, Device.Cpu, 1);
            Empirical = new EmpiricalLoss(
                this, arena, new ImageSet(new byte[] { 1 }, new int[1], 1, 1, 1, new Normalization([0], [1], 1)), loss);
        }

        public EmpiricalLoss Empirical { get; }

        public override Tensor Forward(Tensor x) => x.Flatten() * w.Tensor;

        public void Dispose()
        {
            Empirical.Dispose();
            arena.Dispose();
        }
    }
}
