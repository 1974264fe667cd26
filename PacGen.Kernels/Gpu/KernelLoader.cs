using System.Diagnostics;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Runtime;

namespace PacGen.Kernels;

/// <summary>
/// Loads kernels onto a device as ILGPU does, on its default stream, but takes those that an earlier process compiled from a
/// folder.
/// </summary>
/// <param name="accelerator">The device.</param>
/// <param name="kept">What is compiled already; null where nothing is kept.</param>
internal sealed class KernelLoader(Accelerator accelerator, CompiledKernels? kept)
{
    /// <summary>How many kernels were compiled since the device was opened.</summary>
    public int Compiled { get; private set; }

    /// <summary>Whether the last of them was kept for later processes.</summary>
    public bool Keeps { get; private set; }

    public Action<KernelConfig, T0, T1> LoadStreamKernel<T0, T1>(
        Action<T0, T1> kernel, KernelSpecialization specialization = default)
    {
        var run = Load<Action<AcceleratorStream, KernelConfig, T0, T1>>(kernel, specialization);
        return (config, a, b) => run(accelerator.DefaultStream, config, a, b);
    }

    public Action<KernelConfig, T0, T1, T2> LoadStreamKernel<T0, T1, T2>(
        Action<T0, T1, T2> kernel, KernelSpecialization specialization = default)
    {
        var run = Load<Action<AcceleratorStream, KernelConfig, T0, T1, T2>>(kernel, specialization);
        return (config, a, b, c) => run(accelerator.DefaultStream, config, a, b, c);
    }

    public Action<KernelConfig, T0, T1, T2, T3> LoadStreamKernel<T0, T1, T2, T3>(
        Action<T0, T1, T2, T3> kernel, KernelSpecialization specialization = default)
    {
        var run = Load<Action<AcceleratorStream, KernelConfig, T0, T1, T2, T3>>(kernel, specialization);
        return (config, a, b, c, d) => run(accelerator.DefaultStream, config, a, b, c, d);
    }

    public Action<KernelConfig, T0, T1, T2, T3, T4> LoadStreamKernel<T0, T1, T2, T3, T4>(
        Action<T0, T1, T2, T3, T4> kernel, KernelSpecialization specialization = default)
    {
        var run = Load<Action<AcceleratorStream, KernelConfig, T0, T1, T2, T3, T4>>(kernel, specialization);
        return (config, a, b, c, d, e) => run(accelerator.DefaultStream, config, a, b, c, d, e);
    }

    public Action<KernelConfig, T0, T1, T2, T3, T4, T5> LoadStreamKernel<T0, T1, T2, T3, T4, T5>(
        Action<T0, T1, T2, T3, T4, T5> kernel, KernelSpecialization specialization = default)
    {
        var run = Load<Action<AcceleratorStream, KernelConfig, T0, T1, T2, T3, T4, T5>>(kernel, specialization);
        return (config, a, b, c, d, e, f) => run(accelerator.DefaultStream, config, a, b, c, d, e, f);
    }

    public Action<KernelConfig, T0, T1, T2, T3, T4, T5, T6> LoadStreamKernel<T0, T1, T2, T3, T4, T5, T6>(
        Action<T0, T1, T2, T3, T4, T5, T6> kernel, KernelSpecialization specialization = default)
    {
        var run = Load<Action<AcceleratorStream, KernelConfig, T0, T1, T2, T3, T4, T5, T6>>(kernel, specialization);
        return (config, a, b, c, d, e, f, g) => run(accelerator.DefaultStream, config, a, b, c, d, e, f, g);
    }

    public Action<KernelConfig, T0, T1, T2, T3, T4, T5, T6, T7> LoadStreamKernel<T0, T1, T2, T3, T4, T5, T6, T7>(
        Action<T0, T1, T2, T3, T4, T5, T6, T7> kernel, KernelSpecialization specialization = default)
    {
        var run = Load<Action<AcceleratorStream, KernelConfig, T0, T1, T2, T3, T4, T5, T6, T7>>(kernel, specialization);
        return (config, a, b, c, d, e, f, g, h) => run(accelerator.DefaultStream, config, a, b, c, d, e, f, g, h);
    }

    public Action<KernelConfig, T0, T1, T2, T3, T4, T5, T6, T7, T8> LoadStreamKernel<T0, T1, T2, T3, T4, T5, T6, T7, T8>(
        Action<T0, T1, T2, T3, T4, T5, T6, T7, T8> kernel, KernelSpecialization specialization = default)
    {
        var run = Load<Action<AcceleratorStream, KernelConfig, T0, T1, T2, T3, T4, T5, T6, T7, T8>>(kernel, specialization);
        return (config, a, b, c, d, e, f, g, h, i) => run(accelerator.DefaultStream, config, a, b, c, d, e, f, g, h, i);
    }

    public Action<KernelConfig, T0, T1, T2, T3, T4, T5, T6, T7, T8, T9> LoadStreamKernel<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9>(
        Action<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9> kernel, KernelSpecialization specialization = default)
    {
        var run = Load<Action<AcceleratorStream, KernelConfig, T0, T1, T2, T3, T4, T5, T6, T7, T8, T9>>(kernel, specialization);
        return (config, a, b, c, d, e, f, g, h, i, j) => run(accelerator.DefaultStream, config, a, b, c, d, e, f, g, h, i, j);
    }

    public Action<KernelConfig, T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>
        LoadStreamKernel<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>(
        Action<T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> kernel, KernelSpecialization specialization = default)
    {
        var run = Load<Action<AcceleratorStream, KernelConfig, T0, T1, T2, T3, T4, T5, T6, T7, T8, T9, T10>>(
            kernel, specialization);
        return (config, a, b, c, d, e, f, g, h, i, j, k) =>
            run(accelerator.DefaultStream, config, a, b, c, d, e, f, g, h, i, j, k);
    }

    /// <summary>A kernel's launcher, whose first arguments are a stream and the grid.</summary>
    public TLauncher Load<TLauncher>(Delegate kernel, KernelSpecialization specialization)
        where TLauncher : Delegate
    {
        EntryPointDescription entry = EntryPointDescription.FromExplicitlyGroupedKernel(kernel.Method);
        Debug.Assert(!entry.HasSpecializedParameters, "ILGPU compiles such kernels at their launches.");
        if (kept?.Find(entry, specialization) is { } found)
        {
            try
            {
                return Launcher(found);
            }
            catch (Exception failure) when (GpuDevice.IsDriverFailure(failure))
            {
                // Whatever is wrong with what was kept, it is replaced.
            }
        }

        Compiled++;
        CompiledKernel compiled = PtxText.Mended(accelerator.Context, accelerator.CompileKernel(entry, specialization));
        Keeps = kept?.Keep(entry, specialization, compiled) ?? false;
        return Launcher(compiled);

        TLauncher Launcher(CompiledKernel one) => accelerator.LoadKernel(one).CreateLauncherDelegate<TLauncher>();
    }
}
