using PacGen.Core.Randomness;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Nn;

internal sealed class LayerTests
{
    [Test]
    public void MnistCnnHasTheParametersOfThePaperInOrder()
    {
        MnistCnn model = new();
        Assert.That(model.ParameterCount, Is.EqualTo(21_840));
        Assert.That(model.Parameters.Select(parameter => $"{parameter.Name} {parameter.Shape}"), Is.EqualTo(new[]
        {
            "conv1.weight (5, 5, 1, 10)", "conv1.bias (10)", "conv2.weight (5, 5, 10, 20)", "conv2.bias (20)",
            "fc1.weight (320, 50)", "fc1.bias (50)", "fc2.weight (50, 10)", "fc2.bias (10)",
        }));
    }

    [Test]
    public void PartsInListsArraysPropertiesAndBaseClassesAreFound()
    {
        Assert.That(
            new Derived().Parameters.Select(parameter => parameter.Name),
            Is.EqualTo(new[] { "inBase.weight", "many.0.weight", "many.1.weight", "scale", "property.weight" }));
    }

    [Test]
    public void DropoutKeepsTheMeanInTrainingAndIsTheIdentityElsewhere()
    {
        Dropout dropout = new(0.25);
        Tensor x = Tensor.Constant(1f).BroadcastTo(new Shape(400, 250));
        Assert.That(dropout.Forward(x), Is.SameAs(x));
        TrainingContext context = new(3);
        dropout.Train(context);
        Tensor y = dropout.Forward(x);
        dropout.Eval();
        using CompiledGraph graph = CompiledGraph.Compile(Device.Cpu, [y]);
        graph[context.Step].Write([1f]);
        graph.Run();
        float[] first = graph[y].ToArray();
        Assert.That(first.Distinct().Order(), Is.EqualTo(new[] { 0f, 1f / 0.75f }));
        Assert.That(first.Average(), Is.EqualTo(1).Within(0.01), "10⁵ draws: the standard error is 0.0018");
        graph[context.Step].Write([2f]);
        graph.Run();
        float[] second = graph[y].ToArray();
        Assert.That(second, Is.Not.EqualTo(first), "another step, another mask");
        double both = first.Zip(second, (a, b) => a == 0 && b == 0 ? 1.0 : 0).Average();
        Assert.That(both, Is.EqualTo(0.0625).Within(0.005), "masks of two steps are independent");
    }

    [TestCase("PyTorch default", 1 / 10.0, 1 / 17.32050808)]
    [TestCase("Kaiming uniform", 0.2449489743, 0.1414213562)]
    [TestCase("Kaiming normal", double.PositiveInfinity, 0.1414213562)]
    [TestCase("Xavier uniform", 0.2, 0.1154700538)]
    [TestCase("Xavier normal", double.PositiveInfinity, 0.1154700538)]
    public void InitializersHaveTheirBoundAndDeviation(string name, double bound, double deviation)
    {
        Initializer initializer = new[]
        {
            Initializer.PyTorchDefault, Initializer.KaimingUniform, Initializer.KaimingNormal, Initializer.XavierUniform(),
                Initializer.XavierNormal(),
        }.Single(candidate => candidate.ToString() == name);
        float[] values = new float[100 * 50];
        RandomStream random = new(1, 2, 3);
        initializer.Fill(new Shape(100, 50), values, ref random);
        Assert.That(values.Max(Math.Abs), Is.LessThanOrEqualTo(bound));
        Assert.That(Math.Sqrt(values.Average(value => (double)value * value)), Is.EqualTo(deviation).Within(4).Percent);
        Assert.That(values.Average(), Is.EqualTo(0).Within(5 * deviation / Math.Sqrt(values.Length)));
    }

    [Test]
    public void ConvolutionFansCountTheReceptiveField()
    {
        float[] values = new float[3 * 3 * 16 * 32];
        RandomStream random = new(1, 2, 3);
        Initializer.XavierUniform(Math.Sqrt(2)).Fill(new Shape(3, 3, 16, 32), values, ref random);
        double bound = Math.Sqrt(2 * 6.0 / (9 * (16 + 32)));
        Assert.That(values.Max(Math.Abs), Is.InRange(0.99 * bound, bound));
    }

    [Test]
    public void SchedulesGoTheirCourse()
    {
        Assert.That(LearningRateSchedule.Constant.Factor(7.3), Is.EqualTo(1));
        Assert.That(
            new[] { 0, 1.9, 2, 3.9, 4 }.Select(LearningRateSchedule.Step(2, 0.1).Factor),
            Is.EqualTo(new[] { 1, 1, 0.1, 0.1, 0.01 }).Within(1e-12));
        Assert.That(
            new[] { 0, 5, 10, 11.0 }.Select(LearningRateSchedule.Cosine(10, 0.2).Factor),
            Is.EqualTo(new[] { 1, 0.6, 0.2, 0.2 }).Within(1e-12));
        Assert.That(
            new[] { 0, 1, 2, 4.0 }.Select(LearningRateSchedule.Step(2, 0.5).WithWarmUp(2, 0.1).Factor),
            Is.EqualTo(new[] { 0.1, 0.55, 1, 0.5 }).Within(1e-12));
    }

    [Test]
    public void ShapeErrorsAreThrownWhereTheLineStandsAndNameBothShapes()
    {
        Tensor x = Tensor.Input(new Shape(4, 7), "x");
        Assert.That(
            () => Tensor.MatMul(x, Tensor.Input(new Shape(6, 3), "w")),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(4, 7)").And.Message.Contains("(6, 3)"));
        Assert.That(() => x + Tensor.Input(new Shape(5), "b"), Throws.TypeOf<ShapeException>().With.Message.Contains(
            "(4, 7)").And.Message.Contains("(5)"));
        Assert.That(() => x.Reshape(3, -1), Throws.TypeOf<ShapeException>().With.Message.Contains("(4, 7)"));
        Assert.That(() => x.Sum([2]), Throws.TypeOf<ShapeException>().With.Message.Contains("(4, 7)"));
    }

    private class Base : Module
    {
        private readonly Linear inBase = new(3, 3, bias: false);

        public override Tensor Forward(Tensor x) => inBase.Forward(x);
    }

    private sealed class Derived : Base
    {
        private readonly List<Linear> many = [new(3, 3, bias: false), new(3, 3, bias: false)];
        private readonly Parameter scale;

        public Derived() => scale = new Parameter(new Shape(3), Initializer.Ones);

        public Linear Property { get; } = new(3, 3, bias: false);

        public override Tensor Forward(Tensor x) =>
            Property.Forward(many.Aggregate(base.Forward(x), (y, layer) => layer.Forward(y))) * scale;
    }
}
