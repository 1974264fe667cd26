using PacGen.Kernels;

namespace PacGen.Benchmarks.Devices;

/// <summary>A device for the length of a verb.</summary>
/// <param name="Device">The device.</param>
/// <param name="Owned">Whether it was made for this verb, and ends with it; the shared ones live as long as the program.</param>
internal sealed record OpenedDevice(Device Device, bool Owned) : IDisposable
{
    public void Dispose()
    {
        if (Owned)
        {
            Device.Dispose();
        }
    }
}
