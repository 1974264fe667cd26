using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>Where an expression reads its arguments: an index into memory, on whatever device.</summary>
/// <typeparam name="T">The lane that is read.</typeparam>
public interface IInputs<T>
    where T : struct, ILane<T>
{
    /// <summary>Reads argument 0.</summary>
    T Get0();

    /// <summary>Reads argument 1.</summary>
    T Get1();

    /// <summary>Reads argument 2.</summary>
    T Get2();

    /// <summary>Reads argument 3.</summary>
    T Get3();

    /// <summary>Reads argument 4.</summary>
    T Get4();

    /// <summary>Reads argument 5.</summary>
    T Get5();

    /// <summary>Reads argument 6.</summary>
    T Get6();

    /// <summary>Reads argument 7.</summary>
    T Get7();
}
