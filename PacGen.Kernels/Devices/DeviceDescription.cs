namespace PacGen.Kernels;

/// <summary>A device of this machine, or a kind of device that is missing, and why.</summary>
/// <param name="Id">What <see cref="Device.Open(string)"/> takes: <c>cpu</c>, <c>cuda</c>, <c>cuda:1</c>, <c>opencl</c>,
/// <c>simulator</c>; empty where the device can't be opened.</param>
/// <param name="Kind">How the device runs kernels.</param>
/// <param name="Name">What the device is, for people.</param>
/// <param name="MemoryBytes">How much memory it has, in bytes; null where that isn't known.</param>
/// <param name="IsAvailable">Whether it can be opened.</param>
/// <param name="Note">Why it can't be opened, or what to know about it; may be empty.</param>
public sealed record DeviceDescription(string Id, DeviceKind Kind, string Name, long? MemoryBytes, bool IsAvailable, string Note)
{
    /// <summary>One line for people.</summary>
    public override string ToString() => IsAvailable
        ? $"{Id}: {Name}{(Note.Length > 0 ? $" ({Note})" : "")}" : $"{Name}: not available, {Note}";
}
