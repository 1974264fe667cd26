using ILGPU.Runtime.OpenCL;

namespace PacGen.Kernels;

/// <summary>
/// Values are copied to one of two slots of the host in turn, from where the kernels' own queue writes them, in order; the host
/// goes on.
/// </summary>
internal sealed unsafe class OpenClUpload(OpenClDriver driver, CLStream queue, Region target) : Upload
{
    private readonly nint[] host = new nint[2], sent = new nint[2];
    private int slot;
    private bool disposed;

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<float> source)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(source.Length, target.Count, nameof(source));
        if (source.IsEmpty)
        {
            return;
        }

        int now = slot;
        slot = 1 - slot;
        Await(now);
        if (host[now] == 0)
        {
            host[now] = (nint)HostMemory.Allocate(target.Count * sizeof(float));
        }

        source.CopyTo(new Span<float>((void*)host[now], source.Length));
        CLException.ThrowIfFailed(driver.Write(
            queue.CommandQueue, ((GpuBuffer)target.Buffer).Address, (nint)(target.Start * sizeof(float)),
            (nint)source.Length * sizeof(float),
            (void*)host[now], out sent[now]));
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (!disposing || disposed)
        {
            return;
        }

        disposed = true;
        for (int i = 0; i < host.Length; i++)
        {
            Await(i);
            if (host[i] != 0)
            {
                HostMemory.Free((void*)host[i]);
                host[i] = 0;
            }
        }
    }

    /// <summary>Waits until a slot's last values have left it.</summary>
    private void Await(int index)
    {
        nint end = sent[index];
        if (end != 0)
        {
            sent[index] = 0;
            CLError error = driver.Wait(end);
            _ = driver.Release(end);
            CLException.ThrowIfFailed(error);
        }
    }
}
