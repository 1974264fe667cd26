using PacGen.Nn;

namespace PacGen.Tests.Nn;

/// <summary>What a set of images has that other sets do not.</summary>
internal static class ByteImages
{
    extension(SampleSet set)
    {
        public ReadOnlySpan<byte> Pixels => ((ImageSet)set).Pixels;

        public int Height => ((ImageSet)set).Height;

        public int Width => ((ImageSet)set).Width;

        public int Channels => ((ImageSet)set).Channels;
    }
}
