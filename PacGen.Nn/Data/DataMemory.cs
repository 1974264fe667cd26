using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>Refuses data that are larger than the memory which is free, before any is taken.</summary>
internal static class DataMemory
{
    /// <summary>Less than this is never refused: what is free is known no better.</summary>
    private const long Small = 1 << 24;

    /// <summary>Holds a size that is known against what is free.</summary>
    /// <param name="bytes">How many bytes will be taken.</param>
    /// <param name="what">What takes them, and where it is: the beginning of the sentence.</param>
    /// <param name="remedy">What to do: a sentence.</param>
    /// <exception cref="DataException">There is not so much.</exception>
    public static void Require(long bytes, string what, string remedy)
    {
        if (bytes > Small && Device.Cpu.FreeBytes is { } free && bytes > free)
        {
            throw new DataException(
                $"{what} would take {bytes / 1e6:N0} MB of memory, but {free / 1e6:N0} MB are free. {remedy}");
        }
    }
}
