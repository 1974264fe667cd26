using MathNet.Numerics.LinearAlgebra;
using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>
/// Products and measures of the Hessian, the Gauss–Newton and the empirical Fisher matrix of three trained networks against the
/// same matrices, written out, in double precision.
/// </summary>
[TestFixture(new[] { 64, 3, 10 }, false)]
[TestFixture(new[] { 64, 2, 3, 10 }, false)]
[TestFixture(new[] { 64, 4, 10 }, true)]
internal sealed class CurvatureMatrixTests(int[] widths, bool relu)
{
    private const double Tolerance = 1e-5;

    private static readonly Dataset Digits = Datasets.Digits();

    private Mlp model = null!;
    private Trainer trainer = null!;
    private EmpiricalLoss subject = null!;
    private ExplicitCurvature explicitly = null!;

    [OneTimeSetUp]
    public void Train()
    {
        model = relu ? new Mlp(widths) : new Mlp(widths, x => x.Tanh());
        trainer = new Trainer(model, Digits, new Sgd(0.1), new TrainingOptions { Epochs = 3, Device = Device.Cpu });
        trainer.Run();
        SampleSet images = Digits.Train.Take(23);
        subject = new EmpiricalLoss(model, trainer.Arena, images, batchSize: 9);
        explicitly = new ExplicitCurvature(widths, relu, images, trainer.Arena.Save());
    }

    [OneTimeTearDown]
    public void Dispose()
    {
        subject.Dispose();
        trainer.Dispose();
    }

    [Test]
    public void ProductsAreThoseOfTheMatrix([Values] CurvatureMatrix which)
    {
        Matrix<double> matrix = explicitly.Of(which);
        RandomStream random = new(3, 1);
        double[] v = [.. Enumerable.Range(0, subject.Count).Select(_ => random.NextGaussian())], product = new double[v.Length];
        subject.MoveToWeights();
        subject.Product(which, v, product);
        Vector<double> expected = matrix * Vector<double>.Build.Dense(v);
        Assert.That((Vector<double>.Build.Dense(product) - expected).L2Norm(), Is.LessThan(Tolerance * expected.L2Norm()));
    }

    /// <summary>√(vᵀHv) of each layer's block of the matrix, over √n.</summary>
    [Test]
    public void TheHessianDistanceIsThatOfTheBlocks()
    {
        RandomStream random = new(6, 1);
        float[] weights = subject.MoveToWeights(), first = [.. weights.Select(w => w + (float)random.NextGaussian())];
        NamedMeasurement found = Of(new TrainingFacts { InitialWeights = first, Images = 1438 });
        double sum = 0;
        int start = 0;
        for (int layer = 0; layer + 1 < widths.Length; layer++)
        {
            int count = (widths[layer] + 1) * widths[layer + 1];
            Vector<double> way = Vector<double>.Build.Dense(count, i => (double)weights[start + i] - first[start + i]);
            double form = way * (explicitly.Hessian.SubMatrix(start, count, start, count) * way);
            double part = Math.Sqrt(Math.Max(form, 0) / 1438);
            Assert.That(found.Layers![layer].Value, Is.EqualTo(part).Within(1e-4 * (part + 1e-3)));
            sum += part;
            start += count;
        }

        Assert.That(found.Value, Is.EqualTo(sum).Within(1e-4 * sum).And.Positive);
        Assert.That(found.Cost.Products, Is.EqualTo(widths.Length - 1));
        Assert.That(
            () => Of(new TrainingFacts { InitialWeights = first }),
            Throws.InvalidOperationException.With.Message.Contains("how many images"));
        Assert.That(() => Of(null), Throws.InvalidOperationException.With.Message.Contains("weights from which"));

        NamedMeasurement Of(TrainingFacts? training)
        {
            using EmpiricalLoss known = new(model, trainer.Arena, subject.Images, batchSize: 9) { Training = training };
            return HessianDistance.Measure(known);
        }
    }

    [Test]
    public void ProductsAtOnceAreThoseOneByOne([Values] CurvatureMatrix which)
    {
        RandomStream random = new(4, 1);
        double[][] along = [.. Enumerable.Range(0, EmpiricalLoss.ProductsAtOnce + 3).Select(
            _ => (double[])[.. Enumerable.Range(0, subject.Count).Select(_ => random.NextGaussian())])];
        double[][] products = [.. along.Select(v => new double[v.Length])];
        subject.MoveToWeights();
        PassCost before = subject.Cost;
        subject.Products(which, along, products);
        Assert.That((subject.Cost - before).Products, Is.EqualTo(along.Length));
        for (int i = 0; i < along.Length; i++)
        {
            double[] alone = new double[subject.Count];
            subject.Product(which, along[i], alone);
            double length = Math.Sqrt(alone.Sum(value => value * value));
            Assert.That(products[i].Zip(alone, (a, b) => Math.Abs(a - b)).Max(), Is.LessThan(1e-5 * length), $"product {i}");
        }

        Assert.That(() => subject.Products(which, along, products[1..]), Throws.ArgumentException);
    }

    [Test]
    public void LargestEigenvalue([Values] CurvatureMatrix which)
    {
        double[] spectrum = Spectrum(which);
        ExtremeEigenvalues found =
            Lanczos.Measure(subject, new LanczosOptions { Matrix = which, Tolerance = 1e-6, Products = 200 });
        Assert.That(found.Converged, Is.True);
        Assert.That(found.Matrix, Is.EqualTo(which));
        Assert.That(found.Largest, Is.EqualTo(spectrum[^1]).Within(Tolerance * spectrum[^1]));
    }

    /// <summary>The estimates themselves, from the same random signs.</summary>
    [Test]
    public void TraceFrobeniusNormAndDiagonalByHutchinson([Values] CurvatureMatrix which)
    {
        const int Draws = 7;
        Matrix<double> matrix = explicitly.Of(which);
        HessianMoments found = Hutchinson.Measure(subject, new HutchinsonOptions { Matrix = which, Draws = Draws, Seed = 5 });
        double trace = 0, square = 0;
        Vector<double> diagonal = Vector<double>.Build.Dense(subject.Count);
        for (int draw = 0; draw < Draws; draw++)
        {
            Vector<double> v = Signs(0x6875_7463, (uint)draw, subject.Count), product = matrix * v;
            trace += v * product / Draws;
            square += product * product / Draws;
            diagonal += v.PointwiseMultiply(product) / Draws;
        }

        double size = matrix.FrobeniusNorm();
        Assert.That(found.Trace.Value, Is.EqualTo(trace).Within(Tolerance * size));
        Assert.That(found.SquaredFrobenius.Value, Is.EqualTo(square).Within(Tolerance * square));
        Assert.That(found.Diagonal, Is.EqualTo(diagonal.ToArray()).Within(Tolerance * size));
        Assert.That(found.Layers.Select(layer => layer.Name), Is.EqualTo(Layers.Select(layer => layer.Name)));
        foreach ((LayerValue value, (_, int start, int count)) in found.Layers.Zip(Layers))
        {
            Assert.That(value.Value, Is.EqualTo(diagonal.SubVector(start, count).Sum()).Within(Tolerance * size), value.Name);
        }
    }

    [Test]
    public void TheFrobeniusNormIsTheRootOfTheMeanSquare()
    {
        Matrix<double> matrix = explicitly.Hessian;
        Measurement found = FrobeniusNorm.Measure(subject, new HutchinsonOptions { Draws = 300, Seed = 4 });
        double sum = Enumerable.Range(0, 300).Sum(
            draw => Math.Pow((matrix * Signs(0x6875_7463, (uint)draw, subject.Count, 4)).L2Norm(), 2));
        Assert.That(found.Value, Is.EqualTo(Math.Sqrt(sum / 300)).Within(Tolerance * found.Value));
        Assert.That(matrix.FrobeniusNorm(), Is.EqualTo(found.Value).Within(5 * (found.Uncertainty.High - found.Value)));
    }

    /// <summary>The row's blocks, from the same signs as its meter's.</summary>
    [Test]
    public void TheFrobeniusNormsOfLayers()
    {
        Measurement found = PacGen.Nn.Measures.All.Single(row => row.Name == "layer-frobenius-norm").Of(
            subject, 8, null, default);
        double sum = 0;
        foreach ((LayerValue value, (int index, (_, int start, int count))) in found.Layers.Zip(Layers.Index()))
        {
            Matrix<double> own = explicitly.Hessian.SubMatrix(start, count, start, count);
            double square = Enumerable.Range(0, 20).Average(
                draw => Math.Pow((own * Signs(0x6C61_7974 + (uint)index, (uint)draw, count, 8)).L2Norm(), 2));
            Assert.That(value.Value, Is.EqualTo(Math.Sqrt(square)).Within(Tolerance * Math.Sqrt(square)), value.Name);
            sum += square;
        }

        Assert.That(found.Value, Is.EqualTo(Math.Sqrt(sum)).Within(Tolerance * found.Value));
    }

    [Test]
    public void TheExactDiagonal([Values] CurvatureMatrix which)
    {
        HessianDiagonal found = HessianDiagonalEstimator.Measure(subject, new HessianDiagonalOptions { Matrix = which });
        Matrix<double> matrix = explicitly.Of(which);
        Assert.That(found.IsExact, Is.True);
        Assert.That(
            found.Entries, Is.EqualTo(matrix.Diagonal().ToArray()).Within(Tolerance * matrix.Diagonal().AbsoluteMaximum()));
        Assert.That(found.Value, Is.EqualTo(matrix.Trace()).Within(Tolerance * Math.Abs(matrix.Trace())));
    }

    /// <summary>
    /// The squares of random roots have the diagonal for their mean. A square of one image's has a variance of at most 2 times
    /// its square, so that the sum of N·K squares over images and draws is known within a few hundredths.
    /// </summary>
    [Test]
    public void TheDiagonalBySquares(
        [Values(CurvatureMatrix.GaussNewton, CurvatureMatrix.EmpiricalFisher)] CurvatureMatrix which, [Values(1, 23)] int batch)
    {
        const int Draws = 400;
        HessianDiagonal found = HessianDiagonalEstimator.Measure(
            subject, new HessianDiagonalOptions { Matrix = which, LargestExact = 0, Draws = Draws, RootBatchSize = batch });
        Vector<double> diagonal = explicitly.Of(which).Diagonal();
        Assert.That(found.IsExact, Is.False);
        Assert.That(found.Entries, Has.All.GreaterThanOrEqualTo(0));
        Assert.That(found.Value, Is.EqualTo(diagonal.Sum()).Within(5 * Math.Sqrt(2.0 / Draws) * diagonal.Sum()));
        for (int i = 0; i < diagonal.Count; i++)
        {
            Assert.That(
                found.Entries[i], Is.EqualTo(diagonal[i]).Within((6 * Math.Sqrt(2.0 / Draws) * diagonal[i]) + 1e-9), $"{i}");
        }
    }

    /// <summary>With as many products as dimensions, Lanczos's nodes are the spectrum, whose sums are then vᵀf(A)v.</summary>
    [Test]
    public void TheSpectralDensitysSums([Values] CurvatureMatrix which)
    {
        const double Alpha = 0.1;
        SpectralDensity found = LanczosQuadrature.Measure(
            subject, new SpectralDensityOptions { Matrix = which, Probes = 3, Products = 300, Alpha = Alpha, Seed = 2 });
        MathNet.Numerics.LinearAlgebra.Factorization.Evd<double> evd = explicitly.Of(which).Evd(Symmetricity.Symmetric);
        double[] spectrum = [.. evd.EigenValues.Select(value => value.Real)];
        double Expected(Func<double, double> f) => Enumerable.Range(0, 3).Average(probe =>
        {
            Vector<double> v = Signs(0x736C_7100, (uint)probe, subject.Count, 2);
            return spectrum.Select((value, k) => f(value) * Math.Pow(evd.EigenVectors.Column(k) * v, 2)).Sum();
        });

        double Dimension(double value) => Math.Max(value, 0) / (Math.Max(value, 0) + Alpha);
        Assert.That(found.Nodes.Sum(node => node.Mass), Is.EqualTo(1).Within(1e-9));
        Assert.That(found.Largest, Is.EqualTo(spectrum[^1]).Within(Tolerance * spectrum[^1]));
        Assert.That(found.Sum(value => value), Is.EqualTo(Expected(value => value)).Within(Tolerance * spectrum[^1]));
        double squares = Expected(value => value * value);
        Assert.That(found.Sum(value => value * value), Is.EqualTo(squares).Within(Tolerance * squares));
        Assert.That(found.Value, Is.EqualTo(Expected(Dimension)).Within(10 * Tolerance * Expected(Dimension)));
        Assert.That(found.Sum(Dimension), Is.EqualTo(found.Value).Within(1e-9));
    }

    [Test]
    public void TheTraceByHutchPlusPlus([Values] CurvatureMatrix which)
    {
        const int Products = 30;
        Matrix<double> matrix = explicitly.Of(which);
        TraceEstimate found =
            HutchPlusPlus.Measure(subject, new HutchPlusPlusOptions { Matrix = which, Products = Products, Seed = 6 });
        Matrix<double> sketch = matrix * Matrix<double>.Build.DenseOfColumnVectors(
            Enumerable.Range(0, Products / 3).Select(draw => Signs(0x6832_2B73, (uint)draw, subject.Count, 6)));
        Matrix<double> q = sketch.QR(MathNet.Numerics.LinearAlgebra.Factorization.QRMethod.Thin).Q;
        double inside = (q.TransposeThisAndMultiply(matrix) * q).Trace();
        double outside = Enumerable.Range(0, Products / 3).Average(draw =>
        {
            Vector<double> v = Signs(0x6832_2B72, (uint)draw, subject.Count, 6), rest = v - (q * q.TransposeThisAndMultiply(v));
            return rest * (matrix * rest);
        });
        double size = matrix.FrobeniusNorm();
        Assert.That(found.Directions, Is.EqualTo(Products / 3));
        Assert.That(found.Value, Is.EqualTo(inside + outside).Within(10 * Tolerance * size), "rounding turns Q a little");
        Assert.That(found.Value, Is.EqualTo(matrix.Trace()).Within(6 * found.Outside.StandardError + (Tolerance * size)));
        Assert.That(found.Cost.Products, Is.EqualTo(Products));
    }

    [Test]
    public void TheBlocksOfLayers([Values] CurvatureMatrix which)
    {
        const int Draws = 5;
        Matrix<double> matrix = explicitly.Of(which);
        LayerCurvature found = LayerCurvatureMeter.Measure(
            subject, new LayerCurvatureOptions { Matrix = which, Draws = Draws, Products = 200, Tolerance = 1e-6, Seed = 8 });
        Assert.That(found.Blocks, Has.Count.EqualTo(Layers.Length));
        foreach ((CurvatureBlock block, (string name, int start, int count)) in found.Blocks.Zip(Layers))
        {
            Matrix<double> own = matrix.SubMatrix(start, count, start, count);
            int index = Array.FindIndex(Layers, layer => layer.Name == name);
            double largest = own.Evd(Symmetricity.Symmetric).EigenValues[^1].Real, size = own.FrobeniusNorm(), trace = 0,
                square = 0;
            for (int draw = 0; draw < Draws; draw++)
            {
                Vector<double> v = Signs(0x6C61_7974 + (uint)index, (uint)draw, count, 8), product = own * v;
                trace += v * product / Draws;
                square += product * product / Draws;
            }

            Assert.That((block.Name, block.Count), Is.EqualTo((name, (long)count)));
            Assert.That(block.LargestEigenvalue, Is.EqualTo(largest).Within(Tolerance * size), name);
            Assert.That(block.Trace.Value, Is.EqualTo(trace).Within(Tolerance * size * 4), name);
            Assert.That(block.SquaredFrobenius.Value, Is.EqualTo(square).Within(Tolerance * square * 4), name);
        }

        Assert.That(found.Value, Is.EqualTo(found.Layers.Max(layer => layer.Value)));
        Assert.That(found.Value, Is.LessThanOrEqualTo(Spectrum(which)[^1] * (1 + Tolerance)), "a block of the whole");
    }

    /// <summary>Ψ and ρ of one draw by each estimator, with h from each source, recomputed from the weights.</summary>
    [Test]
    public void PsiFromEverySource([Values] CurvatureSource source)
    {
        int count = subject.Count, images = subject.Images.Count;
        float[] smoothed = [.. Enumerable.Range(0, count).Select(i => (i % 7) * 1e-4f)];
        ScoreOptions options = new()
        {
            Curvature = source, BatchSize = images, Draws = 1, Seed = 3, LargestExact = count, Neighborhood = new(0.1, 0.05),
            BiasCorrection = true, SecondMoment = new SmoothedSecondMoment(smoothed, 100, 0.999, images),
        };
        IReadOnlyDictionary<RhoEstimator, PacGenScore> found = PacGenScorer.MeasureAll(subject, options);
        float[] w = trainer.Arena.Save();
        double[] kappa = [.. w.Select(weight => (0.1 * Math.Abs(weight)) + 0.05)];
        double[] u = [.. kappa.Select((k, i) => k * ((((Philox.Word(3, 0x7268_6F2A, 0, i) >> 9) + 0.5) / (1 << 22)) - 1))];
        double[] before = H(w), after = H([.. w.Zip(u, (a, b) => (float)(a + b))]);
        double[] change = [.. after.Zip(before, (a, b) => Math.Abs(a - b))], x = [.. change.Zip(kappa, (a, b) => a / b)];
        double low = x.Max(), high = low + (x.Sum() / Math.Log(2));
        for (int i = 0; i < 100; i++)
        {
            double middle = (low + high) / 2;
            (low, high) = x.Sum(value => -Math.Log(1 - (value / middle))) > Math.Log(2) ? (middle, high) : (low, middle);
        }

        double correction = 1 / (1 - Math.Pow(0.999, 100));
        double[] h = source == CurvatureSource.Training ? [.. smoothed.Select(value => value * correction)] : before;
        foreach ((RhoEstimator estimator, double rho) in new[]
        {
            (RhoEstimator.Median, low),
            (RhoEstimator.Published, change.Zip(u, (a, b) => a / Math.Abs(b)).Max()),
            (RhoEstimator.Definition3, change.Max() / Math.Sqrt(u.Sum(value => value * value))),
        })
        {
            PacGenScore score = found[estimator];
            double psi = Enumerable.Range(0, count).Sum(i => Math.Log(
                (Math.Abs((double)w[i]) + kappa[i])
                    * Math.Max(Math.Sqrt(Math.Max(0, h[i] + (rho * Math.Sqrt(count) * kappa[i]))), 1 / kappa[i])));
            Assert.That(score.Rho, Is.EqualTo(rho).Within(3e-4 * rho), $"{estimator}");
            Assert.That(score.Psi, Is.EqualTo(psi).Within(Tolerance * count), $"{estimator}");
        }

        PassCost cost = found[RhoEstimator.Median].Cost;
        Assert.That(
            (cost.Gradients, cost.Products),
            Is.EqualTo(source == CurvatureSource.Hessian ? (0, 2 * count) : (2, 0)).Within(1e-9), "at w and at w + u");

        double[] H(float[] at)
        {
            double[] weights = [.. at.Select(value => (double)value)];
            return source switch
            {
                CurvatureSource.Hessian => [.. new ExplicitCurvature(widths, relu, subject.Images, at).Hessian.Diagonal()],
                CurvatureSource.GaussNewton => [.. explicitly.Root(weights, Batch().Images, Sign).Select(value => value * value)],
                CurvatureSource.EmpiricalFisher =>
                [
                    .. explicitly.SignedGradients(weights, Batch().Images, Batch().Labels, image => Sign(image)).Select(
                        value => value * value),
                ],
                _ => [.. explicitly.Gradient(weights).Select(value => value * value)],
            };
        }

        double Sign(int image, int output = -1) =>
            Philox.Word(3, 0x7369_676E, 0, output < 0 ? image : (image * widths[^1]) + output) >> 31 == 0 ? 1 : -1;

        (double[][] Images, int[] Labels) Batch()
        {
            using BatchLoader loader = BatchLoader.Shuffled(subject.Images, images, options.ImageSeed, dropLast: true);
            loader.Start(1);
            loader.TryNext(out Batch batch);
            return (
                [.. batch.Samples.ToArray().Chunk(64).Select(image => image.Select(value => (double)value).ToArray())],
                [.. batch.Targets.ToArray().Select(label => (int)label)]);
        }
    }

    private (string Name, int Start, int Count)[] Layers
    {
        get
        {
            int start = 0;
            return [.. Enumerable.Range(0, widths.Length - 1).Select(i =>
            {
                int count = (widths[i] + 1) * widths[i + 1];
                start += count;
                return ($"layers.{i}", start - count, count);
            })];
        }
    }

    private double[] Spectrum(CurvatureMatrix which) =>
        [.. explicitly.Of(which).Evd(Symmetricity.Symmetric).EigenValues.Select(value => value.Real)];

    private static Vector<double> Signs(uint stream, uint draw, int count, ulong seed = 5) => Vector<double>.Build.Dense(
        count, i => ((Philox.Word(seed, stream, draw, i / 32) >> (i % 32)) & 1) == 0 ? -1 : 1);
}
