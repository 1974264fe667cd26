namespace PacGen.Kernels;

/// <summary>
/// Launches that run one after the other with no other launch of the device in between, for what they hand each other lies in
/// memory that all launches share (<see cref="CpuDevice.ReserveShared"/>).
/// </summary>
/// <param name="device">The device.</param>
/// <param name="launches">The launches.</param>
internal sealed class ExclusiveLaunch(CpuDevice device, params CpuLaunch[] launches) : Launch
{
    /// <inheritdoc/>
    public override void Run()
    {
        using (device.Exclusively())
        {
            foreach (CpuLaunch launch in launches)
            {
                launch.Run();
            }
        }
    }
}
