namespace PacGen.Tests.CudaEmulator;

/// <summary>One run of a kernel.</summary>
internal sealed unsafe class GridLaunch
{
    // Instructions of a warp that a block executes before others get a turn, and those after which it is said to hang.
    private const long Slice = 1 << 22, Most = 1L << 34;

    // Blocks that are on the device together: few at first, more where none of them ends, for they may wait for one that hasn't
    // begun.
    private const int Few = 4, Many = 256;

    public GridLaunch(
        PtxKernel kernel, Dim3 grid, Dim3 block, int dynamicBytes, byte* parameters, DeviceMemory memory, RunOptions options)
    {
        Kernel = kernel;
        Code = kernel.Code;
        Grid = grid;
        Block = block;
        DynamicBytes = dynamicBytes;
        Parameters = parameters;
        Memory = memory;
        Options = options;
        GlobalShadow = options.ChecksGlobalRaces ? new GlobalShadow() : null;
        if (options.Counts is not null)
        {
            Issued = new long[kernel.Length];
            Traffic = new Traffic(options.Counts);
        }
    }

    public PtxKernel Kernel { get; }

    public Instruction* Code { get; }

    public Dim3 Grid { get; }

    public Dim3 Block { get; }

    public int DynamicBytes { get; }

    public byte* Parameters { get; }

    public DeviceMemory Memory { get; }

    public RunOptions Options { get; }

    public GlobalShadow? GlobalShadow { get; }

    /// <summary>How often each instruction was issued to a warp; null where nothing is counted.</summary>
    public long[]? Issued { get; }

    public Traffic? Traffic { get; }

    public void Run()
    {
        int total = checked((int)Grid.Count);
        Random? order = Options.Seed == 0 ? null : new Random(Options.Seed);
        List<ThreadBlock> resident = [];
        Stack<ThreadBlock> idle = [];
        List<ThreadBlock> all = [];
        try
        {
            int started = 0, limit = order is null ? 1 : Few;
            int step = order is null ? 1 : Coprime(total, order);
            long since = 0, grown = 0;
            while (started < total || resident.Count > 0)
            {
                while (started < total && resident.Count < limit)
                {
                    if (!idle.TryPop(out ThreadBlock? next))
                    {
                        next = new ThreadBlock(this);
                        all.Add(next);
                    }

                    next.Start((int)((long)started * step % total));
                    resident.Add(next);
                    started++;
                }

                int chosen = order?.Next(resident.Count) ?? 0;
                ThreadBlock block = resident[chosen];
                since += block.Run(order is null ? Slice : 1 + order.Next(4000), order);
                if (block.HasEnded)
                {
                    resident.RemoveAt(chosen);
                    idle.Push(block);
                    since = grown = 0;
                    continue;
                }

                if (order is null)
                {
                    // The next one's turn.
                    resident.RemoveAt(0);
                    resident.Add(block);
                }

                if (since - grown >= Slice)
                {
                    grown = since;
                    limit = Math.Min(limit * 2, Many);
                }

                if (since > Most)
                {
                    throw block.Fault(0, 0, $"no block has ended for {Most} instructions of its warps");
                }
            }

            Count();
        }
        finally
        {
            all.ForEach(block => block.Dispose());
        }
    }

    private void Count()
    {
        if (Options.Counts is not { } counts)
        {
            return;
        }

        for (int i = 0; i < Kernel.Length; i++)
        {
            string kind = Kernel.KindOf(i);
            counts.Issued += Issued![i];
            counts.ByKind[kind] = counts.ByKind.GetValueOrDefault(kind) + Issued[i];
        }
    }

    // A step that visits all blocks in another order.
    private static int Coprime(int total, Random order)
    {
        int step = 1 + order.Next(total);
        while (System.Numerics.BigInteger.GreatestCommonDivisor(step, total) != 1)
        {
            step++;
        }

        return step;
    }
}
