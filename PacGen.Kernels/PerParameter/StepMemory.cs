using System.Runtime.InteropServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>Where a step's <see cref="StepState"/> and its settings are on a GPU.</summary>
internal sealed class StepMemory : IDisposable
{
    // Two buffers, as ILGPU's casts of a view round where it starts to the type's size.
    private readonly GpuBuffer state, settings;
    private readonly float[] sent;
    private Upload? upload;

    /// <param name="device">The GPU.</param>
    /// <param name="count">The floats of the settings.</param>
    public StepMemory(GpuDevice device, int count)
    {
        state = (GpuBuffer)device.Allocate(Marshal.SizeOf<StepState>() / sizeof(float), "a step's state");
        settings = (GpuBuffer)device.Allocate(count, "a step's settings");
        sent = new float[count];
    }

    /// <summary>Whether a ledger's steps are in flight in it, and not the settings of the launches themselves.</summary>
    public bool IsHeld { get; set; }

    public ArrayView<StepState> State => state.View.Cast<StepState>();

    public ArrayView<float> Settings => settings.View;

    /// <summary>What <see cref="Send"/> and <see cref="WriteAll"/> send.</summary>
    public Span<float> Next => sent;

    /// <summary>Sends the settings of the next step; waits for nothing.</summary>
    public void Send()
    {
        upload ??= settings.Device.CreateUpload(new Region(settings));
        upload.Write(sent);
    }

    /// <summary>Writes the state.</summary>
    public void Write(StepState value) =>
        state.Write(0, MemoryMarshal.Cast<StepState, float>(new ReadOnlySpan<StepState>(in value)));

    /// <summary>Writes state and settings.</summary>
    public void WriteAll(StepState value)
    {
        Write(value);
        settings.Write(0, sent);
    }

    public void Dispose()
    {
        upload?.Dispose();
        state.Dispose();
        settings.Dispose();
    }
}
