using System.Runtime.InteropServices;

namespace PacGen.Tests.CudaEmulator;

// Copies: which memory they may touch, and when.
internal sealed unsafe partial class EmulatedDriver
{
    private enum Place
    {
        Device,

        /// <summary>Page-locked memory of the host: read and written when the stream comes to the copy.</summary>
        PageLocked,

        /// <summary>The host's other memory, which the driver reads before it returns, and writes before it returns.</summary>
        Pageable,
    }

    public nint CreateStream(uint flags) => Give(Streams.Create(isBlocking: (flags & 1) == 0));

    /// <summary>Copies bytes, between the device and the host or within either.</summary>
    public void Copy(nint target, nint source, nint bytes, EmulatedStream stream)
    {
        if (bytes == 0)
        {
            return;
        }

        Place to = PlaceOf(target, bytes, "the target of a copy"), from = PlaceOf(source, bytes, "the source of a copy");
        if (stream.Capture is { } capture && (to == Place.Pageable || from == Place.Pageable))
        {
            throw StreamSchedule.Unsupported(capture, "a copy from or to memory that isn't page-locked was to be recorded");
        }

        byte[]? staged = from == Place.Pageable && to != Place.Pageable && bytes <= Array.MaxLength
            ? new ReadOnlySpan<byte>((void*)source, (int)bytes).ToArray() : null;

        StreamWork work = Streams.Put(stream, settings.IsIdle && to == Place.Device ? null : () =>
        {
            Check(to, target, bytes, "the target of a copy");
            Check(from, source, bytes, "the source of a copy");
            fixed (byte* copy = staged)
            {
                Buffer.MemoryCopy(staged is null ? (void*)source : copy, (void*)target, bytes, bytes);
            }

            Mark(to, target, from, source, bytes);
        });
        if (to == Place.Pageable || (from == Place.Pageable && staged is null))
        {
            Streams.Complete(work);
        }
    }

    /// <summary>Sets bytes of the device's memory.</summary>
    public void Fill(nint target, byte value, nint bytes, EmulatedStream stream)
    {
        if (bytes == 0)
        {
            return;
        }

        Place place = PlaceOf(target, bytes, "what is to be filled");
        if (place == Place.Pageable)
        {
            throw new CudaRefusal(CudaResult.CUDA_ERROR_INVALID_VALUE, "what is to be filled is no memory of the device");
        }

        Streams.Put(stream, settings.IsIdle ? null : () =>
        {
            Check(place, target, bytes, "what is to be filled");
            NativeMemory.Fill((void*)target, (nuint)bytes, value);
            Memory.MarkWritten(target, bytes);
        });
    }

    /// <summary>Frees memory once nothing works with it any more, for which the driver waits.</summary>
    public void Free(nint address, bool isDevice)
    {
        Streams.CheckUnrecorded("memory was freed");
        Streams.CompleteAll();
        if (address != 0)
        {
            if (Memory.Find(address).Start != address || Memory.IsDevice(address) != isDevice)
            {
                throw new CudaRefusal(CudaResult.CUDA_ERROR_INVALID_VALUE, $"what is to be freed is {Memory.Describe(address)}");
            }

            Memory.Free(address);
        }
    }

    private Place PlaceOf(nint address, nint bytes, string what) =>
        Memory.Contains(address, bytes) ? Memory.IsDevice(address) ? Place.Device : Place.PageLocked
        : address == 0 || Memory.IsOwn(address) || Memory.IsOwn(address + bytes - 1)
            ? throw new CudaRefusal(
                CudaResult.CUDA_ERROR_INVALID_VALUE, $"{what}, {bytes} bytes, begins {Memory.Describe(address)}")
            : Place.Pageable;

    /// <summary>What was right when the work was put on its stream, or into a graph, must still be so.</summary>
    private void Check(Place place, nint address, nint bytes, string what)
    {
        if (place != Place.Pageable && !Memory.Contains(address, bytes))
        {
            throw new EmulatedFault($"{what}, {bytes} bytes, begins {Memory.Describe(address)}");
        }
    }

    /// <summary>What the host gets must have been written; within the device what was not stays so.</summary>
    private void Mark(Place to, nint target, Place from, nint source, nint bytes)
    {
        if (to == Place.Device && from == Place.Device)
        {
            Memory.CopyMarks(target, source, bytes);
        }
        else if (to == Place.Device)
        {
            Memory.MarkWritten(target, bytes);
        }
        else if (from == Place.Device && Memory.WrittenBytes(source, bytes) is var written && written < bytes)
        {
            throw new EmulatedFault(
                $"a copy of {bytes} bytes to the host reads what nothing has written, {Memory.Describe(source + (nint)written)}");
        }
    }
}
