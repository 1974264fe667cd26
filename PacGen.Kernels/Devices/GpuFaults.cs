using ILGPU;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// How a kernel says that its input makes no sense, such as a label that is no class: it can't throw, so it leaves a record in
/// the device's memory, and reading any result, or waiting for the device, throws on the host. Of several faults the first to
/// arrive is kept; computing goes on, with NaN in place of what the fault spoils.
/// </summary>
internal sealed class GpuFaults : IDisposable
{
    private const int Words = 4;
    private readonly AcceleratorStream stream;
    private readonly MemoryBuffer1D<int, Stride1D.Dense> record;
    private readonly int[] copy = new int[Words];
    private readonly List<(string Operation, Func<long, float, int, InvalidDataException> Error)> sources = [];

    public GpuFaults(Accelerator accelerator)
    {
        stream = accelerator.DefaultStream;
        record = accelerator.Allocate1D<int>(Words);
        record.View.MemSetToZero(stream);
    }

    /// <summary>What kernels are given: who, the row, the bits of the value, the number of columns.</summary>
    public ArrayView<int> Record => record.View;

    /// <summary>Who, of an operation that may report faults.</summary>
    /// <param name="operation">Its name.</param>
    /// <param name="error">The error of a row, a value and a number of columns.</param>
    public int Source(string operation, Func<long, float, int, InvalidDataException> error)
    {
        lock (sources)
        {
            int index = sources.FindIndex(source => source.Operation == operation);
            if (index < 0)
            {
                index = sources.Count;
                sources.Add((operation, error));
            }

            return index + 1;
        }
    }

    /// <summary>In a kernel: leaves a record unless there is one.</summary>
    public static void Report(ArrayView<int> record, int source, int row, float value, int columns)
    {
        if (Atomic.CompareExchange(ref record[0], 0, source) == 0)
        {
            record[1] = row;
            record[2] = BitConverter.SingleToInt32Bits(value);
            record[3] = columns;
        }
    }

    /// <summary>Waits for what was launched; throws what it reported, once.</summary>
    /// <exception cref="InvalidDataException">A kernel reported a fault.</exception>
    public void Check()
    {
        lock (sources)
        {
            if (sources.Count == 0)
            {
                return;
            }

            record.View.CopyToCPU(stream, copy);
            stream.Synchronize();
            if (copy[0] == 0)
            {
                return;
            }

            record.View.MemSetToZero(stream);
            throw sources[copy[0] - 1].Error(copy[1], BitConverter.Int32BitsToSingle(copy[2]), copy[3]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => record.Dispose();
}
