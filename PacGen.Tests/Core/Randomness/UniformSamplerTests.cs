using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

internal sealed class UniformSamplerTests
{
    [Test]
    public void SymmetricTakesEveryOddMultipleOfItsStepOnce()
    {
        long sum = 0;
        for (uint k = 0; k < 1u << 23; k++)
        {
            // Low bits must not count.
            float value = UniformSampler.Symmetric<Float1, Words1>(new((k << 9) | (k & 511))).Value;
            double exact = ((k + 0.5) / (1 << 22)) - 1;
            if (value != exact)
            {
                Assert.Fail($"k = {k}: {value:R}, not {exact:R}");
            }

            sum += (long)(exact * (1 << 23));
        }

        Assert.That(sum, Is.Zero);
    }

    [TestCase(0u, 0f)]
    [TestCase(255u, 0f)]
    [TestCase(256u, 1f / (1 << 24))]
    [TestCase(1u << 31, 0.5f)]
    [TestCase(~0u, 1f - (1f / (1 << 24)))]
    public void UnitCoversZeroToOne(uint word, float expected) =>
        Assert.That(UniformSampler.Unit<Float1, Words1>(new(word)).Value, Is.EqualTo(expected));

    [TestCase(0u)]
    [TestCase(1u)]
    [TestCase(0x7FFF_FFFFu)]
    [TestCase(0x8000_0000u)]
    [TestCase(~0u)]
    [TestCase(0x1234_5678u)]
    [TestCase(0xFEDC_BA98u)]
    public void MagnitudeIsRoundedOnceAtBothEnds(uint word)
    {
        double exact = ((2.0 * (word & 0x7FFF_FFFF)) + 1) / (1L << 32);
        float value = UniformSampler.Magnitude<Float1, Words1>(new(word), out Float1 complement, out Float1 sign).Value;
        Assert.That(
            (value, complement.Value, sign.Value), Is.EqualTo(((float)exact, (float)(1 - exact), word >> 31 == 0 ? 1f : -1f)));
    }

    [Test]
    public void AllLanesGiveTheSameBits()
    {
        for (uint start = 0; start < 0xFFFF_0000; start += 0x0123_4567)
        {
            Float4 a4 = UniformSampler.Symmetric<Float4, Words4>(Words4.Sequence(start));
            Float8 a8 = UniformSampler.Symmetric<Float8, Words8>(Words8.Sequence(start));
            Float16 a16 = UniformSampler.Symmetric<Float16, Words16>(Words16.Sequence(start));
            Float16 unit = UniformSampler.Unit<Float16, Words16>(Words16.Sequence(start));
            for (int i = 0; i < 16; i++)
            {
                float expected = UniformSampler.Symmetric<Float1, Words1>(new(start + (uint)i)).Value;
                Assert.That(
                    a4.Value[i % 4], Is.EqualTo(UniformSampler.Symmetric<Float1, Words1>(new(start + (uint)(i % 4))).Value));
                Assert.That(
                    a8.Value[i % 8], Is.EqualTo(UniformSampler.Symmetric<Float1, Words1>(new(start + (uint)(i % 8))).Value));
                Assert.That(a16.Value[i], Is.EqualTo(expected));
                Assert.That(unit.Value[i], Is.EqualTo(UniformSampler.Unit<Float1, Words1>(new(start + (uint)i)).Value));
                Assert.That((float)UniformSampler.Symmetric<Double1, Words1>(new(start + (uint)i)).Value, Is.EqualTo(expected));
            }
        }
    }
}
