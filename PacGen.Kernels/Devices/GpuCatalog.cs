using ILGPU;
using ILGPU.Backends.OpenCL;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;

namespace PacGen.Kernels;

/// <summary>What ILGPU finds on this machine: looked for once, each device opened once.</summary>
internal sealed class GpuCatalog
{
    private static readonly Lazy<GpuCatalog> Shared = new(() => new GpuCatalog());
    private readonly Context context;
    private readonly List<DeviceDescription> descriptions = [];
    private readonly Dictionary<string, Lazy<GpuDevice>> devices = [];

    /// <summary>The GPUs, CUDA's first; no OpenCL device that runs on the CPU.</summary>
    private readonly List<Lazy<GpuDevice>> gpus = [];

    private GpuCatalog()
    {
        List<DeviceDescription> missing = [];
        DriverLibraries.LetIlgpuFindThem();
        context = Context.Create(builder =>
        {
            GpuArithmetic.Configure(builder);
            builder.CPU(CPUDevice.Default);
            string note = Find(() => builder.Cuda(device => Admits(device, missing)), DriverLibraries.CudaProblem(), CudaDevices);
            if (note.Length > 0)
            {
                missing.Add(new("", DeviceKind.Cuda, "CUDA", null, false, note));
            }

            note = Find(
                () => builder.OpenCL(device => Admits(device, missing)),
                "no OpenCL driver (libOpenCL; for the CPU: PoCL, Debian's package pocl-opencl-icd)", OpenClDevices);
            if (note.Length > 0)
            {
                missing.Add(new("", DeviceKind.OpenCl, "OpenCL", null, false, note));
            }
        });
        Describe<CudaDevice>(
            [.. context.GetCudaDevices()],
            DeviceKind.Cuda,
            "cuda",
            device => $"{CudaDriver.Version} for CUDA {device.DriverVersion}, compute capability {device.Architecture}, " +
                    $"{device.NumMultiprocessors} multiprocessors at up to {device.ClockRate} MHz, memory at " +
                    $"{device.MemoryClockRate} MHz{NoGraphs()}",
            _ => true);

        // A GPU first, an OpenCL driver that runs on the CPU last.
        List<CLDevice> openCl = [.. context.GetCLDevices()];
        Describe(
            openCl.OrderBy(device => device.DeviceType == CLDeviceType.CL_DEVICE_TYPE_CPU),
            DeviceKind.OpenCl,
            "opencl",
            device => string.Join(
                "; ",
                ((string[])[
                    $"{device.PlatformName.Trim()}, driver " +
                        $"{CLAPI.CurrentAPI.GetDeviceInfo(device.DeviceId, CLDeviceInfoType.CL_DRIVER_VERSION).Trim()}",
                    device.DeviceType == CLDeviceType.CL_DEVICE_TYPE_CPU ? "runs on the CPU" : "",
                    ((CLCapabilityContext)device.Capabilities).Float64 ? ""
                        : "no double precision: quotients and roots to 3 units in the last place",
                ]).Where(note => note.Length > 0)),
            device => device.DeviceType == CLDeviceType.CL_DEVICE_TYPE_GPU);
        descriptions.AddRange(missing);
        AddIfNone(DeviceKind.Cuda, "CUDA", "there is a driver, but no GPU");
        AddIfNone(
            DeviceKind.OpenCl, "OpenCL",
            "there is libOpenCL, but no driver with a device (for the CPU: PoCL, Debian's package pocl-opencl-icd)");
        Describe<CPUDevice>(
            [.. context.GetCPUDevices()], DeviceKind.Simulator, "simulator", _ => "a debugger for GPU kernels, slow", _ => false);
    }

    public static GpuCatalog Instance => Shared.Value;

    /// <summary>The devices, CUDA's first, the simulator last.</summary>
    public IReadOnlyList<DeviceDescription> Descriptions => descriptions;

    /// <summary>The device of an identifier such as <c>cuda:1</c>, or null where there is none such.</summary>
    /// <exception cref="DeviceException">The device is there but can't be opened.</exception>
    public GpuDevice? Open(string id) => devices.TryGetValue(id, out Lazy<GpuDevice>? device) ? device.Value : null;

    /// <summary>
    /// The first GPU that opens, CUDA's before OpenCL's, or null: whatever is wrong with a driver, the machine still has its CPU.
    /// </summary>
    public static GpuDevice? FirstGpu()
    {
        try
        {
            foreach (Lazy<GpuDevice> gpu in Instance.gpus)
            {
                try
                {
                    return gpu.Value;
                }
                catch (DeviceException)
                {
                    // The next may open.
                }
            }
        }
#pragma warning disable CA1031 // As above.
        catch
#pragma warning restore CA1031
        {
            return null;
        }

        return null;
    }

    private static bool CudaDevices() => CudaAPI.CurrentAPI.IsSupported;

    private static bool OpenClDevices() => CLAPI.CurrentAPI.IsSupported;

    /// <summary>Registers a kind's devices; says why there can be none where the driver is missing or fails.</summary>
    private static string Find(Action register, string absent, Func<bool> isSupported)
    {
        try
        {
            register();
            return isSupported() ? "" : absent.Length > 0 ? absent : "there is a driver, but it could not be used";
        }
#pragma warning disable CA1031 // Whatever a broken driver throws, the machine still has its CPU.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            return OneLine(failure);
        }
    }

    private static bool Admits(CudaDevice device, List<DeviceDescription> missing)
    {
        bool fits = device.Architecture is not null && device.InstructionSet is not null;
        if (!fits)
        {
            missing.Add(new(
                "",
                DeviceKind.Cuda,
                device.Name.Trim(),
                device.MemorySize,
                false,
                $"its driver, for CUDA {device.DriverVersion}, is too old for the GPU, or the GPU for ILGPU: install a newer " +
                    $"driver"));
        }

        return fits;
    }

    private static bool Admits(CLDevice device, List<DeviceDescription> missing)
    {
        string? reason = device.CLStdVersion < CLBackend.MinimumVersion
            ? $"OpenCL C {device.CLStdVersion.Major}.{device.CLStdVersion.Minor}, 2.0 is needed"
            : ((CLCapabilityContext)device.Capabilities).GenericAddressSpace ? null
                : "no generic address space, which ILGPU needs (PoCL has it from version 6)";
        if (reason is not null)
        {
            missing.Add(new("", DeviceKind.OpenCl, device.Name.Trim(), device.MemorySize, false, reason));
        }

        return reason is null;
    }

    /// <summary>A kind whose driver is there but names no device is listed too.</summary>
    private void AddIfNone(DeviceKind kind, string name, string note)
    {
        if (!descriptions.Exists(device => device.Kind == kind))
        {
            descriptions.Add(new("", kind, name, null, false, note));
        }
    }

    private static string OneLine(Exception failure) => failure.Message.ReplaceLineEndings(" ").Trim();

    private void Describe<TDevice>(
        IEnumerable<TDevice> found, DeviceKind kind, string word, Func<TDevice, string> note, Predicate<TDevice> isGpu)
        where TDevice : ILGPU.Runtime.Device
    {
        int index = 0;
        foreach (TDevice device in found)
        {
            string id = index == 0 ? word : $"{word}:{index}";
            string name = kind == DeviceKind.Simulator ? "GPU simulator" : device.Name.Trim();
            Lazy<GpuDevice> lazy = new(() => Create(device, kind, name));
            devices[id] = lazy;
            devices[$"{word}:{index}"] = lazy;
            if (isGpu(device))
            {
                gpus.Add(lazy);
            }

            descriptions.Add(new(id, kind, name, kind == DeviceKind.Simulator ? null : device.MemorySize, true, note(device)));
            index++;
        }
    }

    private GpuDevice Create(ILGPU.Runtime.Device device, DeviceKind kind, string name)
    {
        try
        {
            return new GpuDevice(device.CreateAccelerator(context), kind, name);
        }
#pragma warning disable CA1031 // Whatever a broken driver throws is reported in one line.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            throw new DeviceException(
                $"{name} was found but can't be opened: {OneLine(failure)} Use another device, such as cpu.", failure);
        }
    }

    private static string NoGraphs() => CudaGraph.Obstacle() is { Length: > 0 } reason ? $"; records no graphs: {reason}" : "";
}
