namespace PacGen.Core.Lanes;

/// <summary>A lane of floats that a CPU loop reads from memory and writes back.</summary>
/// <typeparam name="T">The lane itself.</typeparam>
public unsafe interface IMemoryLane<T> : ILane<T>
    where T : struct, IMemoryLane<T>
{
    /// <summary>Reads <see cref="ILane{T}.Count"/> floats at an address of any alignment.</summary>
    static abstract T Load(float* address);

    /// <summary>Writes <see cref="ILane{T}.Count"/> floats at an address of any alignment.</summary>
    static abstract void Store(float* address, T value);
}
