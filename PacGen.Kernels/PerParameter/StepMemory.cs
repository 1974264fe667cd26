using System.Runtime.InteropServices;
using ILGPU;

namespace PacGen.Kernels;

/// <summary>Where a step's <see cref="StepCarry"/> and its settings are on a GPU.</summary>
internal sealed class StepMemory : IDisposable
{
    // Two buffers, as ILGPU's casts of a view round where it starts to the type's size.
    private readonly GpuBuffer carry, settings;
    private readonly float[] sent;
    private Upload? upload;

    /// <param name="device">The GPU.</param>
    /// <param name="count">The floats of the settings.</param>
    public StepMemory(GpuDevice device, int count)
    {
        carry = (GpuBuffer)device.AllocateUncleared(Marshal.SizeOf<StepCarry>() / sizeof(float), "what steps hand on");
        try
        {
            settings = (GpuBuffer)device.AllocateUncleared(count, "a step's settings");
        }
        catch
        {
            carry.Dispose();
            throw;
        }

        sent = new float[count];
    }

    /// <summary>Whether a ledger's steps are in flight in it, and not the settings of the launches themselves.</summary>
    public bool IsHeld { get; set; }

    public ArrayView<StepCarry> Carry => carry.View.Cast<StepCarry>();

    public ArrayView<float> Settings => settings.View;

    /// <summary>What <see cref="Send"/> and <see cref="WriteAll"/> send.</summary>
    public Span<float> Next => sent;

    /// <summary>Sends the settings of the next step; waits for nothing.</summary>
    public void Send()
    {
        upload ??= settings.Device.CreateUpload(new Region(settings));
        upload.Write(sent);
    }

    /// <summary>Writes what steps hand on.</summary>
    public void Write(StepCarry value) =>
        carry.Write(0, MemoryMarshal.Cast<StepCarry, float>(new ReadOnlySpan<StepCarry>(in value)));

    /// <summary>Writes that and the settings.</summary>
    public void WriteAll(StepCarry value)
    {
        Write(value);
        settings.Write(0, sent);
    }

    public void Dispose()
    {
        upload?.Dispose();
        carry.Dispose();
        settings.Dispose();
    }
}
