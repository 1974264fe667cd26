using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Arrays in a device's memory, as a test needs some.</summary>
internal sealed class DeviceArrays : IDisposable
{
    private readonly DeviceBuffer[] buffers;

    public DeviceArrays(Device device, params float[][] values)
    {
        buffers = [.. values.Select(v => device.Allocate(v.Length))];
        for (int i = 0; i < values.Length; i++)
        {
            buffers[i].Write(0, values[i]);
        }
    }

    public Region this[int index] => new(buffers[index]);

    public void Dispose() => Array.ForEach(buffers, buffer => buffer.Dispose());
}
