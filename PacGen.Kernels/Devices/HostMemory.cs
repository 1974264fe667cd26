using System.Runtime.InteropServices;

namespace PacGen.Kernels;

/// <summary>
/// Memory of the process for tensors. A large block lies in pages of 2 MiB where Linux gives such, for a pass over it then
/// misses no translation; and no two in a row begin at the same place of a page, for a core takes loads and stores whose
/// addresses agree in their low twelve bits for the same, and waits.
/// </summary>
internal static unsafe partial class HostMemory
{
    private const int Line = 64;

    // The line before a block says where its memory really begins.
    private const int Header = Line;
    private const int HugePage = 2 << 20;
    private const int Large = 2 * HugePage;

    // Steps of seven lines reach all 64 places of a small page before one comes again.
    private const int Places = 64, PlaceStep = 7;
    private const int MadviseHugePage = 14;
    private static uint large;

    /// <summary>Memory that begins at a cache line, not cleared.</summary>
    /// <exception cref="OutOfMemoryException">There is none.</exception>
    public static void* Allocate(long bytes)
    {
        if (bytes < Large)
        {
            byte* small = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes + Header), Line);
            ((void**)(small + Header))[-1] = small;
            return small + Header;
        }

        uint place = Interlocked.Increment(ref large) * PlaceStep % Places;
        nuint size = ((nuint)bytes + Header + (Places * Line) + HugePage - 1) / HugePage * HugePage;
        byte* block = (byte*)NativeMemory.AlignedAlloc(size, HugePage);
        AdviseHugePages(block, size);
        byte* start = block + Header + (place * Line);
        ((void**)start)[-1] = block;
        return start;
    }

    /// <summary>Gives back what <see cref="Allocate"/> gave.</summary>
    public static void Free(void* memory) => NativeMemory.AlignedFree(((void**)memory)[-1]);

    private static void AdviseHugePages(void* start, nuint length)
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                // Where the kernel has no huge pages the advice fails, and the memory is as good as without it.
                _ = MemoryAdvise(start, length, MadviseHugePage);
            }
            catch (Exception failure) when (failure is DllNotFoundException or EntryPointNotFoundException)
            {
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(void* start, nuint length, int advice);
}
