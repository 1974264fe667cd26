using System.Reflection;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR.Types;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using PacGen.Core.Files;

namespace PacGen.Kernels;

/// <summary>
/// Kernels in PTX or OpenCL C, kept in a folder for later processes: ILGPU takes up to a second to write one, and a training step
/// of a Wide-ResNet has 50 to 100.
/// </summary>
/// <remarks>
/// A file's name is a digest of all that its contents depend on: the kernel with its types, the assemblies they come from, ILGPU
/// and .NET, each in the very build, and what the device makes of them. Kernels with types of other assemblies are not kept: such
/// a type may read what is not in its assembly, which ILGPU writes into the kernel. Nothing here fails: what can't be read is
/// compiled.
/// </remarks>
/// <param name="folder">The folder; it need not exist.</param>
/// <param name="backend">What compiles what is not there, for CUDA or OpenCL.</param>
/// <param name="device">The device's name, where more than the capabilities that are known of it may matter.</param>
internal sealed class CompiledKernels(string folder, Backend backend, string device = "")
{
    private const string Pattern = "*.kernel";
    private const long MostBytes = 512L << 20;

    /// <summary>The fields by which ILGPU's OpenCL C says an array: its address and its length.</summary>
    private const int ViewFields = 2;

    /// <summary>How long what no process reads is kept, where all takes no more than the bytes above.</summary>
    private static readonly TimeSpan Age = TimeSpan.FromDays(30);

    private static readonly HashSet<Assembly> Known =
        [typeof(CompiledKernels).Assembly, typeof(UserCache).Assembly, typeof(Context).Assembly, typeof(object).Assembly];

    private readonly string build = string.Join(
        '\n',
        [
            .. Known.Append(typeof(XMath).Assembly).Select(assembly => $"{assembly.ManifestModule.ModuleVersionId}"),
            backend is PTXBackend ptx
                ? $"{ptx.Architecture}, {ptx.InstructionSet}"
                : OfOpenCl((CLBackend)backend),
            device,
        ]);

    private bool tidied;

    /// <summary>
    /// The user's own folder; null where <c>PACGEN_GPU_KERNELS</c> is 0, for the simulator, and where the cache lies among
    /// temporary files, so that others can put kernels there.
    /// </summary>
    public static CompiledKernels? Of(Accelerator accelerator)
    {
        string temporary = Path.TrimEndingDirectorySeparator(Path.GetFullPath(Path.GetTempPath()));
        return Environment.GetEnvironmentVariable("PACGEN_GPU_KERNELS")?.Trim() == "0"
            || Path.GetDirectoryName(UserCache.Folder) == temporary
                ? null
                : In(Path.Combine(UserCache.Folder, "kernels"), accelerator);
    }

    /// <summary>A folder for a device; null for the simulator, whose kernels are .NET code.</summary>
    public static CompiledKernels? In(string folder, Accelerator accelerator) => accelerator switch
    {
        CudaAccelerator { Backend: var ptx } => new CompiledKernels(folder, ptx),
        CLAccelerator { Backend: var openCl } gpu => new CompiledKernels(
            folder, openCl,
            $"{gpu.PlatformName}, {gpu.Name}, " +
                CLAPI.CurrentAPI.GetDeviceInfo(gpu.DeviceId, CLDeviceInfoType.CL_DRIVER_VERSION)),
        _ => null,
    };

    /// <summary>A kernel that was kept, or null.</summary>
    public CompiledKernel? Find(in EntryPointDescription entry, in KernelSpecialization specialization)
    {
        if (KeyOf(entry, specialization) is not { } key)
        {
            return null;
        }

        string path = FileOf(key);

        byte[] contents;
        try
        {
            contents = File.ReadAllBytes(path);
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
            return null;
        }

        ReadOnlySpan<byte> digest = contents.AsSpan(0, Math.Min(contents.Length, SHA256.HashSizeInBytes));
        if (!digest.SequenceEqual(Digest(key, contents.AsSpan(digest.Length))))
        {
            return null;
        }

        Touch(path);
        using BinaryReader reader = new(new MemoryStream(contents, digest.Length, contents.Length - digest.Length));
        SharedMemorySpecification shared = new(reader.ReadInt32(), reader.ReadBoolean());
        string text = reader.ReadString();
        Context context = backend.Context;
        return backend is CLBackend openCl
            ? new CLCompiledKernel(
                context, new SeparateViewEntryPoint(entry, shared, specialization, TypesOf(context), ViewFields), null, text,
                openCl.CLStdVersion)
            : PtxText.Kernel(context, new EntryPoint(entry, shared, specialization), null, text);
    }

    /// <summary>Keeps a kernel; false where it is none to be kept, or the folder can't be written.</summary>
    public bool Keep(in EntryPointDescription entry, in KernelSpecialization specialization, CompiledKernel kernel)
    {
        if (KeyOf(entry, specialization) is not { } key)
        {
            return false;
        }

        using MemoryStream contents = new();
        contents.SetLength(SHA256.HashSizeInBytes);
        contents.Position = contents.Length;
        using (BinaryWriter writer = new(contents, Encoding.UTF8, leaveOpen: true))
        {
            SharedMemorySpecification shared = PtxText.EntryPointOf(kernel).SharedMemory;
            writer.Write(shared.StaticSize);
            writer.Write(shared.HasDynamicMemory);
            writer.Write(TextOf(kernel));
        }

        byte[] bytes = contents.ToArray();
        Digest(key, bytes.AsSpan(SHA256.HashSizeInBytes)).CopyTo(bytes, 0);
        string path = FileOf(key), written = $"{path}.{Guid.NewGuid():N}";
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(written, bytes);
            File.Move(written, path, overwrite: true);
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
            Delete(written);
            return false;
        }

        Tidy();
        return true;
    }

    internal static string TextOf(CompiledKernel kernel) =>
        kernel is CLCompiledKernel openCl ? openCl.Source : ((PTXCompiledKernel)kernel).PTXAssembly;

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "get_TypeContext")]
    private static extern IRTypeContext TypesOf(Context context);

    private static bool IsOfFiles(Exception failure) => failure is IOException or UnauthorizedAccessException;

    /// <summary>Says once a day that a file is read.</summary>
    private static void Touch(string path)
    {
        try
        {
            if (File.GetLastWriteTimeUtc(path) < DateTime.UtcNow.AddDays(-1))
            {
                File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
            }
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
        }
    }

    private static void Delete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
        }
    }

    /// <summary>All that a kernel's text depends on, as a digest; null for one that is not kept.</summary>
    private byte[]? KeyOf(in EntryPointDescription entry, in KernelSpecialization specialization)
    {
        MethodInfo method = entry.MethodSource;
        Type[] types =
        [
            method.DeclaringType!, .. method.GetGenericArguments(),
            .. method.GetParameters().Select(parameter => parameter.ParameterType),
        ];
        if (!types.All(IsKnown))
        {
            return null;
        }

        string[] lines =
        [
            build, entry.Name, method.Name, .. types.Select(type => type.AssemblyQualifiedName!),
            $"{specialization.MaxNumThreadsPerGroup}, {specialization.MinNumGroupsPerMultiprocessor}",
        ];
        return SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines)));
    }

    private string FileOf(byte[] key) => Path.Combine(folder, $"{Convert.ToHexStringLower(key)}{Pattern[1..]}");

    /// <summary>A file begins with it. The key is in it: one under another's name is no kernel of that name.</summary>
    private static byte[] Digest(byte[] key, ReadOnlySpan<byte> contents) => SHA256.HashData([.. key, .. contents]);

    private static string OfOpenCl(CLBackend backend)
    {
        CLCapabilityContext capabilities = backend.Capabilities;
        return $"{backend.Vendor}, {backend.CLStdVersion}, {capabilities.SubGroups}, {string.Join(' ', capabilities.Extensions)}";
    }

    private static bool IsKnown(Type type) =>
        Known.Contains(type.Assembly) && type.GetGenericArguments().All(IsKnown);

    /// <summary>A process that compiles deletes once what was not read for long: no build of today may ask for it.</summary>
    private void Tidy()
    {
        if (tidied)
        {
            return;
        }

        tidied = true;
        try
        {
            long bytes = 0;
            foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles($"{Pattern}*").OrderByDescending(Time))
            {
                bytes += file.Length;
                if (bytes > MostBytes || Time(file) < DateTime.UtcNow - Age)
                {
                    Delete(file.FullName);
                }
            }
        }
        catch (Exception failure) when (IsOfFiles(failure))
        {
            // Another process tidies, too.
        }

        static DateTime Time(FileInfo file) => file.LastWriteTimeUtc;
    }
}
