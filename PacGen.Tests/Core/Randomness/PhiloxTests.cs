using PacGen.Core.Lanes;
using PacGen.Core.Randomness;

namespace PacGen.Tests.Core;

internal sealed class PhiloxTests
{
    // The known answers that Random123 publishes for philox4x32-10.
    [TestCase(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [TestCase(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [TestCase(
        0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u,
        0x24126ea1u)]
    public void AnswersAsPublished(uint c0, uint c1, uint c2, uint c3, uint key0, uint key1, uint r0, uint r1, uint r2, uint r3)
    {
        Words1 a = new(c0), b = new(c1), c = new(c2), d = new(c3);
        Philox.Generate(ref a, ref b, ref c, ref d, key0, key1);
        Assert.That(new[] { a.Value, b.Value, c.Value, d.Value }, Is.EqualTo(new[] { r0, r1, r2, r3 }));

        Words16 a16 = Words16.Constant(c0), b16 = Words16.Constant(c1), c16 = Words16.Constant(c2), d16 = Words16.Constant(c3);
        Philox.Generate(ref a16, ref b16, ref c16, ref d16, key0, key1);
        Assert.That(new[] { a16.Value[5], b16.Value[6], c16.Value[15], d16.Value[0] }, Is.EqualTo(new[] { r0, r1, r2, r3 }));
    }

    [Test]
    public void VectorsHoldTheWordsOfTheConventionInElementOrder()
    {
        ulong seed = 0x0123_4567_89AB_CDEF;
        const uint stream = 7, step = 0xFFFF_FFF0;
        foreach (long element in new[] { 0L, 4 * 1000, (1L << 34) - 64, 1L << 34, (5L << 34) + 4096 })
        {
            uint[] expected = [.. Enumerable.Range(0, 64).Select(i => Philox.Word(seed, stream, step, element + i))];
            uint low = (uint)(element >> 2), high = (uint)(element >> 34);

            Words4 a4 = Words4.Sequence(low), b4 = Words4.Constant(high), c4 = Words4.Constant(stream), d4 = Words4.Constant(
                step);
            Philox.Generate(ref a4, ref b4, ref c4, ref d4, (uint)seed, (uint)(seed >> 32));
            Words4.Interleave(ref a4, ref b4, ref c4, ref d4);
            Assert.That(
                Elements(4, i => a4.Value[i], i => b4.Value[i], i => c4.Value[i], i => d4.Value[i]), Is.EqualTo(expected[..16]));

            Words8 a8 = Words8.Sequence(low), b8 = Words8.Constant(high), c8 = Words8.Constant(stream), d8 = Words8.Constant(
                step);
            Philox.Generate(ref a8, ref b8, ref c8, ref d8, (uint)seed, (uint)(seed >> 32));
            Words8.Interleave(ref a8, ref b8, ref c8, ref d8);
            Assert.That(
                Elements(8, i => a8.Value[i], i => b8.Value[i], i => c8.Value[i], i => d8.Value[i]), Is.EqualTo(expected[..32]));

            Words16 a16 = Words16.Sequence(low), b16 = Words16.Constant(high), c16 = Words16.Constant(
                stream), d16 = Words16.Constant(step);
            Philox.Generate(ref a16, ref b16, ref c16, ref d16, (uint)seed, (uint)(seed >> 32));
            Words16.Interleave(ref a16, ref b16, ref c16, ref d16);
            Assert.That(
                Elements(16, i => a16.Value[i], i => b16.Value[i], i => c16.Value[i], i => d16.Value[i]), Is.EqualTo(expected));
        }
    }

    // Groups in threes and fewer, and a carry of the counter between two of them.
    [Test]
    public unsafe void FillGivesTheConventionsWordsAtEveryWidth()
    {
        const uint stream = 7, step = 0xFFFF_FFF0;
        const ulong seed = 0xFEDC_BA98_7654_3210;
        uint* words = stackalloc uint[512];
        foreach (long element in new[] { 0L, 64 * 1000, (1L << 34) - 64, (5L << 34) - 128 })
        {
            for (int groups = 0; groups <= 7; groups++)
            {
                Check(4 * 1, groups, Philox.Fill<Words1>);
                Check(4 * 4, groups, Philox.Fill<Words4>);
                Check(4 * 8, groups, Philox.Fill<Words8>);
                Check(4 * 16, groups, Philox.Fill<Words16>);
            }

            void Check(int group, int groups, Filling fill)
            {
                new Span<uint>(words, 512).Fill(0xDEAD_BEEF);
                fill(words, groups, element, stream, step, unchecked((uint)seed), (uint)(seed >> 32));
                uint[] expected = [
                    .. Enumerable.Range(0, groups * group).Select(i => Philox.Word(seed, stream, step, element + i)),
                    0xDEAD_BEEF];
                Assert.That(
                    new Span<uint>(words, expected.Length).ToArray(), Is.EqualTo(expected),
                    $"{groups} groups of {group} from {element}");
            }
        }
    }

    private unsafe delegate void Filling(uint* words, int groups, long element, uint stream, uint step, uint key0, uint key1);

    [Test]
    public void SeedStreamStepAndElementAllMatter()
    {
        uint[] words =
        [
            Philox.Word(1, 2, 3, 4), Philox.Word(1 + (1ul << 32), 2, 3, 4), Philox.Word(0, 2, 3, 4), Philox.Word(1, 3, 3, 4),
            Philox.Word(1, 2, 4, 4), Philox.Word(1, 2, 3, 5), Philox.Word(1, 2, 3, 4 + (1L << 34)),
        ];
        Assert.That(words, Is.Unique);
        Assert.That(() => Philox.Word(1, 2, 3, -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static uint[] Elements(int width, params Func<int, uint>[] lanes) =>
        [.. lanes.SelectMany(lane => Enumerable.Range(0, width).Select(lane))];
}
