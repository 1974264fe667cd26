using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class RandomUniformTests(string id) : DeviceFixture(id)
{
    [Test]
    public void IsTheTopBitsOfPhiloxWords(
        [Values(1, 3, 4, 31, 64, 65, 16384, 40003)] int count, [Values(0u, 7u, 16777215u)] uint step)
    {
        const ulong Seed = 0x0123_4567_89AB_CDEF;
        double[] expected = [.. Enumerable.Range(0, count).Select(e => (Philox.Word(Seed, 3, step, e) >> 8) / (double)(1 << 24))];
        Check(new RandomUniform(new Shape(count), 3, Seed), [Shape.Scalar], [[step]], expected, 0, Seed);
    }

    [Test]
    public void AnotherStepGivesOtherNumbersWhenTheLaunchIsReplayed()
    {
        using PacGen.Kernels.DeviceBuffer step = Device.Allocate(1), output = Device.Allocate(100);
        Launch launch =
            Device.Bind(new RandomUniform(new Shape(100), 0, 1), [new Shape(1)], [new Region(step)], new Region(output));
        float[] Run(float at)
        {
            step.Write(0, [at]);
            launch.Run();
            return new Region(output).ToArray();
        }

        float[] first = Run(1), second = Run(2);
        Assert.That(second, Is.Not.EqualTo(first));
        Assert.That(Run(1), Is.EqualTo(first));
    }

    [Test]
    public void AStepThatIsNoSmallIntegerIsAnError([Values(-1f, 0.5f, 16777216f, float.NaN)] float step) =>
        Assert.That(
            () => Values(new RandomUniform(new Shape(5), 0, 1), [Shape.Scalar], [[step]]),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains($"{step:R}"));

    [Test]
    public void MoreThanOneStepIsAnErrorThatNamesTheShape() =>
        Assert.That(
            () => new RandomUniform(new Shape(5), 0, 1).Infer([new Shape(2)]),
            Throws.TypeOf<ShapeException>().With.Message.Contains("(2)"));
}
