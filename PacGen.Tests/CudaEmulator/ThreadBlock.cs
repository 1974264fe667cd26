using System.Runtime.InteropServices;

namespace PacGen.Tests.CudaEmulator;

/// <summary>A block of threads that is resident: its warps and its shared memory.</summary>
internal sealed unsafe class ThreadBlock : IDisposable
{
    private readonly Warp[] warps;
    private readonly int threads;
    private int turn;

    public ThreadBlock(GridLaunch launch)
    {
        Launch = launch;
        threads = (int)launch.Block.Count;
        SharedBytes = launch.Kernel.StaticSharedBytes + launch.DynamicBytes;
        Shared = (byte*)NativeMemory.AlignedAlloc((nuint)SharedBytes + 64, 256);
        if (launch.Options.ChecksRaces && SharedBytes > 0)
        {
            Shadow = new SharedShadow(SharedBytes, launch.Kernel.SharedShift);
        }

        warps = [.. Enumerable.Range(0, (threads + Warp.Lanes - 1) / Warp.Lanes).Select(index => new Warp(this, index))];
        foreach (Warp warp in warps)
        {
            for (int lane = 0; lane < Warp.Lanes; lane++)
            {
                Dim3 thread = ThreadAt((warp.Index * Warp.Lanes) + lane);
                foreach ((string name, int place) in launch.Kernel.Specials)
                {
                    int value = name switch
                    {
                        "%tid.x" => thread.X,
                        "%tid.y" => thread.Y,
                        "%tid.z" => thread.Z,
                        "%ntid.x" => launch.Block.X,
                        "%ntid.y" => launch.Block.Y,
                        "%ntid.z" => launch.Block.Z,
                        "%nctaid.x" => launch.Grid.X,
                        "%nctaid.y" => launch.Grid.Y,
                        "%nctaid.z" => launch.Grid.Z,
                        "%laneid" => lane,
                        "%warpid" => warp.Index,
                        "%nwarpid" => warps.Length,
                        "%dynamic_smem_size" => launch.DynamicBytes,
                        "%total_smem_size" => SharedBytes,
                        "%lanemask_eq" => 1 << lane,
                        "%lanemask_lt" => (1 << lane) - 1,
                        "%lanemask_le" => (int)((2L << lane) - 1),
                        "%lanemask_gt" => (int)~((2L << lane) - 1),
                        "%lanemask_ge" => ~((1 << lane) - 1),
                        _ => 0,
                    };
                    warp.At<int>(place)[lane] = value;
                }
            }
        }
    }

    public GridLaunch Launch { get; }

    public byte* Shared { get; }

    public int SharedBytes { get; }

    public SharedShadow? Shadow { get; }

    /// <summary>Its place in the grid.</summary>
    public Dim3 Place { get; private set; }

    /// <summary>Its number among the grid's blocks.</summary>
    public int Number { get; private set; }

    public bool HasEnded { get; private set; }

    /// <summary>Becomes the grid's block of a number, at its start.</summary>
    public void Start(int number)
    {
        Number = number;
        Dim3 grid = Launch.Grid;
        Place = new Dim3(number % grid.X, number / grid.X % grid.Y, number / grid.X / grid.Y);
        HasEnded = false;
        turn = 0;
        Shadow?.Advance(clears: true);

        // What was never written shows: NaN as a float, and no index of anything.
        new Span<byte>(Shared, SharedBytes).Fill(0xFF);
        foreach (Warp warp in warps)
        {
            foreach ((string name, int place) in Launch.Kernel.Specials)
            {
                int? value = name switch { "%ctaid.x" => Place.X, "%ctaid.y" => Place.Y, "%ctaid.z" => Place.Z, _ => null };
                if (value is { } number32)
                {
                    new Span<int>(warp.At<int>(place), Warp.Lanes).Fill(number32);
                }
            }

            int lanes = Math.Min(Warp.Lanes, threads - (warp.Index * Warp.Lanes));
            warp.Start(lanes == Warp.Lanes ? uint.MaxValue : (1u << lanes) - 1);
        }
    }

    /// <summary>Executes about so many instructions of its warps, in turn or in an order by chance; says how many.</summary>
    public long Run(long budget, Random? order)
    {
        long done = 0;
        while (done < budget && !HasEnded)
        {
            bool ended = true;
            bool waits = true;
            foreach (Warp _ in warps)
            {
                turn = turn + 1 >= warps.Length ? 0 : turn + 1;
                Warp warp = warps[order is null ? turn : (turn + order.Next(2)) % warps.Length];
                if (!warp.HasEnded && !warp.IsAtBarrier)
                {
                    done += warp.Run(order is null ? budget : 1 + order.Next(200), order);
                }
            }

            foreach (Warp warp in warps)
            {
                ended &= warp.HasEnded;
                waits &= warp.HasEnded || warp.IsAtBarrier;
            }

            if (ended)
            {
                HasEnded = true;
            }
            else if (waits)
            {
                Shadow?.Advance(clears: false);
                Launch.GlobalShadow?.Barrier(Number);
                foreach (Warp warp in warps)
                {
                    if (!warp.HasEnded)
                    {
                        warp.Release();
                    }
                }
            }
        }

        return done;
    }

    /// <summary>A thread's place in the block.</summary>
    public Dim3 ThreadAt(int thread)
    {
        Dim3 block = Launch.Block;
        return new Dim3(thread % block.X, thread / block.X % block.Y, thread / block.X / block.Y);
    }

    public EmulatedFault Fault(int index, int thread, string what, nint? address = null) => new(
        Launch.Kernel.Name, what, Place, ThreadAt(thread), Launch.Kernel.LineOf(index), Launch.Kernel.TextOf(index), address);

    public void Dispose()
    {
        foreach (Warp warp in warps)
        {
            warp.Dispose();
        }

        Shadow?.Dispose();
        NativeMemory.AlignedFree(Shared);
        GC.SuppressFinalize(this);
    }
}
