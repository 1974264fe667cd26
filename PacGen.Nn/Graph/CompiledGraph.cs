using System.Diagnostics;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// A graph compiled for a device and its shapes: elementwise chains fused, memory planned by liveness, kernels loaded.
/// <see cref="Run"/> replays it, on a GPU with CUDA as a graph of the driver, and allocates nothing managed.
/// </summary>
public sealed class CompiledGraph : IDisposable
{
    private readonly Launch program;
    private readonly Launch[] parts;
    private readonly string[] names;
    private readonly Dictionary<Tensor, Region> regions;
    private readonly Dictionary<Tensor, int> uses;
    private readonly List<DeviceBuffer> owned;
    private bool disposed;

    private CompiledGraph(
        Device device, Launch[] launches, string[] names, Dictionary<Tensor, Region> regions, Dictionary<Tensor, int> uses,
        List<DeviceBuffer> owned, IReadOnlyList<Tensor> inputs, long scratchBytes)
    {
        Device = device;
        program = device.Record(launches);
        parts = launches;
        this.names = names;
        this.regions = regions;
        this.uses = uses;
        this.owned = owned;
        Inputs = inputs;
        IntermediateBytes = scratchBytes;
    }

    /// <summary>Where the graph runs.</summary>
    public Device Device { get; }

    /// <summary>
    /// The input leaves that were bound to no memory: they have memory of their own here, to be written before a run.
    /// </summary>
    public IReadOnlyList<Tensor> Inputs { get; }

    /// <summary>How many kernels one run launches.</summary>
    public int Launches => parts.Length;

    /// <summary>The launches of one run, in order; they stay this graph's.</summary>
    public IReadOnlyList<Launch> Parts => parts;

    /// <summary>The memory of everything between inputs and outputs, in bytes.</summary>
    public long IntermediateBytes { get; }

    /// <summary>The memory of an input or output.</summary>
    /// <exception cref="KeyNotFoundException">The tensor is neither.</exception>
    public Region this[Tensor tensor] => regions.TryGetValue(tensor, out Region region)
        ? region
        : throw new KeyNotFoundException($"{tensor} is neither an input nor an output of this graph.");

    /// <summary>Compiles the graph that computes some tensors.</summary>
    /// <param name="device">Where to run.</param>
    /// <param name="outputs">What to compute.</param>
    /// <param name="bindings">
    /// Memory for leaves (parameters, inputs) and for outputs that should be computed there; others get their own. An output may
    /// be bound to a leaf's memory, such as h in h ← h + g²: the leaf keeps its value until everything that reads it has run.
    /// </param>
    /// <param name="precision">What products and convolutions multiply.</param>
    /// <returns>The compiled graph; who asked for it disposes of it.</returns>
    public static CompiledGraph Compile(
        Device device, IReadOnlyList<Tensor> outputs, IReadOnlyDictionary<Tensor, Region>? bindings = null,
        Precision precision = Precision.Single) =>
        Compile(Plan(device, outputs, bindings, precision));

    /// <summary>
    /// The same as far as what goes where: it takes no memory, and says how much <see cref="Compile(GraphCompiler)"/> will.
    /// </summary>
    internal static GraphCompiler Plan(
        Device device, IReadOnlyList<Tensor> outputs, IReadOnlyDictionary<Tensor, Region>? bindings = null,
        Precision precision = Precision.Single)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(outputs);
        GraphCompiler compiler = new(device, outputs, bindings ?? new Dictionary<Tensor, Region>(), precision);
        compiler.Plan();
        return compiler;
    }

    /// <summary>Compiles what was planned, once.</summary>
    internal static CompiledGraph Compile(GraphCompiler compiler)
    {
        try
        {
            Launch[] launches = compiler.Compile();
            return new CompiledGraph(
                compiler.Device, launches, [.. compiler.Names], compiler.Public, compiler.Uses, compiler.Owned,
                compiler.OpenInputs, compiler.IntermediateBytes);
        }
        catch
        {
            compiler.Launches.ForEach(launch => launch.Dispose());
            compiler.Owned.ForEach(buffer => buffer.Dispose());
            throw;
        }
    }

    /// <summary>Computes the outputs from the inputs' and parameters' present values.</summary>
    /// <exception cref="ObjectDisposedException">The graph was disposed.</exception>
    public void Run()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        program.Run();

        // The launches know addresses, not buffers.
        GC.KeepAlive(this);
    }

    /// <summary>Computes them launch by launch.</summary>
    /// <param name="after">Called after each with its index; on the CPU it has then been done.</param>
    internal void RunEach(Action<int> after)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        for (int i = 0; i < parts.Length; i++)
        {
            parts[i].Run();
            after(i);
        }

        GC.KeepAlive(this);
    }

    /// <summary>The last launch that writes or reads an output's memory; -1 where none does.</summary>
    internal int LastUseOf(Tensor output) =>
        Math.Max(uses.GetValueOrDefault(output, -1), uses.GetValueOrDefault(GraphCompiler.Base(output), -1));

    /// <summary>Runs the launches one by one, each waited for, and tells the shortest time of each.</summary>
    /// <param name="runs">How often, at least 1.</param>
    /// <returns>A time for each launch, in their order.</returns>
    /// <exception cref="ObjectDisposedException">The graph was disposed.</exception>
    public IReadOnlyList<LaunchTime> Profile(int runs = 10)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        ArgumentOutOfRangeException.ThrowIfLessThan(runs, 1);
        double[] shortest = new double[parts.Length];
        Array.Fill(shortest, double.PositiveInfinity);
        for (int run = 0; run < runs; run++)
        {
            for (int i = 0; i < parts.Length; i++)
            {
                long begun = Stopwatch.GetTimestamp();
                parts[i].Run();
                Device.Synchronize();
                shortest[i] = Math.Min(shortest[i], Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            }
        }

        GC.KeepAlive(this);
        return [.. names.Zip(shortest, (name, time) => new LaunchTime(name, time))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        disposed = true;
        program.Dispose();
        owned.ForEach(buffer => buffer.Dispose());
    }
}
