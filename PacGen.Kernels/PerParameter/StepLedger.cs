using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;
using PacGen.Core.Perturbation;

namespace PacGen.Kernels;

/// <summary>
/// Training steps on a GPU of which the host reads the outcomes later, so that no step waits for it. What a step's kernels need
/// of each other stays in the device's memory: the scale of a clipped gradient, the 1/‖Δw‖ of line 6 of Algorithm 1, and whether
/// a step ended badly: then no later one perturbs or updates anything, so that the weights are those in which the host finds the
/// failure.
/// </summary>
/// <remarks>
/// <see cref="Begin"/> sends a step's settings. Its launches are the perturbation; the pass, with <see cref="Observe"/> for each
/// part of the batch; the sum of the gradient's squares; <see cref="Check"/>; the update; <see cref="Close"/>. They have the same
/// arguments in every step, so that they may be recorded as one. Numbers are computed in double in the host's order, so that they
/// have its bits; but the loss of a batch in parts, a sum of products that a driver may fuse, is for the eye.
/// </remarks>
public sealed class StepLedger : IDisposable
{
    /// <summary>How many steps may be in flight, their outcomes not yet read.</summary>
    public const int Capacity = 32;

    /// <summary>After how many steps their records are sent to the host.</summary>
    private const int Half = Capacity / 2;

    private readonly GpuDevice device;
    private readonly UpdateLaunch update;
    private readonly RandomMapLaunch<PerturbSettings>? perturb;
    private readonly StepMemory memory;

    /// <summary>
    /// Those of the steps, and one of the step in flight: its loss so far, and in <see cref="StepRecord.End"/> which of the
    /// others it becomes.
    /// </summary>
    private readonly MemoryBuffer1D<StepRecord, Stride1D.Dense> records;
    private readonly StepRecord[] copy = new StepRecord[Capacity];
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<StepRecord>, double, int> observe;
    private readonly CudaReadback? readback;
    private readonly long[] sentAt = new long[2];
    private long begun, copied, taken;

    private StepLedger(
        GpuDevice device, GpuBuffer gradientSums, GpuBuffer changeSums, UpdateLaunch update,
        RandomMapLaunch<PerturbSettings>? perturb)
    {
        this.device = device;
        this.update = update;
        this.perturb = perturb;
        memory = new StepMemory(device, update.StepFloats);
        try
        {
            update.Follow(memory);
            perturb?.Follow(memory);
            records = device.Accelerator.Allocate1D<StepRecord>(Capacity + 1);
            records.View.MemSetToZero(device.Accelerator.DefaultStream);
            readback = device.TryReadBack(records.NativePtr, Capacity * Unsafe.SizeOf<StepRecord>());
            observe = device.Load(
                ((Delegate)ObserveKernel).Method,
                accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<StepRecord>, double, int>(ObserveKernel));
            Check = Ending(CheckKernel, gradientSums);
            Close = Ending(CloseKernel, changeSums);
        }
        catch
        {
            Dispose();
            throw;
        }

        Launch Ending(
            Action<ArrayView<float>, int, ArrayView<StepCarry>, ArrayView<float>, ArrayView<StepRecord>> body, GpuBuffer sums)
        {
            var kernel = device.Load(
                body.Method,
                accelerator => accelerator.LoadStreamKernel<
                    ArrayView<float>, int, ArrayView<StepCarry>, ArrayView<float>, ArrayView<StepRecord>>(body));
            KernelConfig group = device.Groups(1, BlockSum.Totals);
            return new Started(
                () => kernel(group, sums.View, (int)changeSums.Count, memory.Carry, memory.Settings, records.View));
        }
    }

    /// <summary>
    /// Decides whether the step may update, and the gradient's scale, behind the sum of the gradient's squares.
    /// </summary>
    public Launch Check { get; }

    /// <summary>Ends the step, behind the update.</summary>
    public Launch Close { get; }

    /// <summary>How many steps are in flight.</summary>
    public int Pending => (int)(begun - taken);

    /// <summary>A ledger for the launches of one optimizer.</summary>
    /// <param name="device">Where they run.</param>
    /// <param name="gradientNorm">The sum of the gradient's squares.</param>
    /// <param name="update">The update.</param>
    /// <param name="perturb">The perturbation, or null where there is none.</param>
    /// <returns>Null where steps are better waited for: on the CPU, and on GPUs without double precision.</returns>
    public static StepLedger? TryCreate(
        Device device, SumLaunch<NoSettings> gradientNorm, UpdateLaunch update, RandomMapLaunch<PerturbSettings>? perturb)
    {
        ArgumentNullException.ThrowIfNull(gradientNorm);
        ArgumentNullException.ThrowIfNull(update);
        if (device is not GpuDevice gpu || gradientNorm.BlockSums is not { } gradientSums
            || update.BlockSums is not { } changeSums
            || (gpu.Accelerator is CLAccelerator openCl && !openCl.Capabilities.Float64))
        {
            return null;
        }

        return new StepLedger(gpu, gradientSums, changeSums, update, perturb);
    }

    /// <summary>Notes the loss of a batch, or of a part of it.</summary>
    /// <param name="loss">Where the mean loss of the part is.</param>
    /// <param name="share">The part's share of the batch's images.</param>
    /// <param name="first">Whether it is the batch's first part.</param>
    /// <returns>The launch that notes it.</returns>
    public Launch Observe(Region loss, double share, bool first)
    {
        ArrayView<float> view = GpuDevice.View(loss);
        return new Started(() => observe(new KernelConfig(1, 1), view, records.View, share, first ? 1 : 0));
    }

    /// <summary>
    /// Copies behind <see cref="Close"/> what a step that ended well is to leave, such as running statistics; after a bad one
    /// nothing.
    /// </summary>
    /// <param name="made">What the step's pass made.</param>
    /// <param name="kept">Where it is kept; of the same length.</param>
    /// <returns>The launch that copies.</returns>
    /// <exception cref="ArgumentException">The regions differ in length.</exception>
    public Launch Keep(Region made, Region kept)
    {
        if (made.Count != kept.Count)
        {
            throw new ArgumentException($"{made.Count} numbers can't be kept as {kept.Count}.", nameof(kept));
        }

        Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<StepCarry>> keep = device.Load(
            ((Delegate)KeepKernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<StepCarry>>(KeepKernel));
        ArrayView<float> from = GpuDevice.View(made), to = GpuDevice.View(kept);
        KernelConfig grid = device.Grid(kept.Count);
        return new Started(() => keep(grid, from, to, memory.Carry));
    }

    /// <summary>
    /// Sends what the launches of a step go by: the settings that update and perturbation have now, but for the gradient's scale,
    /// which is <see cref="Check"/>'s, and, after a step of this ledger, ρ's scale, which is what that step left. Waits for
    /// nothing.
    /// </summary>
    /// <param name="largestNorm">The gradient's largest norm, +∞ for any.</param>
    /// <param name="numerator">What the next perturbation divides by this step's ‖Δw‖:
    /// <see cref="Rho.Numerator"/>.</param>
    /// <exception cref="InvalidOperationException">There are <see cref="Capacity"/> steps in flight.</exception>
    public void Begin(double largestNorm, double numerator)
    {
        if (Pending == Capacity)
        {
            throw new InvalidOperationException($"{Capacity} steps are in flight: take the outcome of one first.");
        }

        PerturbSettings perturbation = perturb?.Settings ?? PerturbSettings.None;
        if (!memory.IsHeld)
        {
            memory.Write(new StepCarry { GradientScale = perturbation.GradientScale, RhoScale = perturbation.RhoScale });
            memory.IsHeld = true;
        }

        if (readback is not null && begun > 0 && begun % Half == 0)
        {
            // The steps so far are enqueued by now: their records come to the host behind them, and hold up nothing.
            int slot = (int)(begun / Half % 2);
            readback.Send(slot);
            sentAt[slot] = begun;
        }

        update.Fill(memory.Next, new StepSettings
        {
            LargestNorm = new SplitDouble(largestNorm),
            Numerator = new SplitDouble(numerator),
            Perturb = perturbation,
        });
        memory.Send();
        begun++;
    }

    /// <summary>The outcome of the oldest step in flight; waits for it where it is not known yet.</summary>
    /// <exception cref="InvalidOperationException">No step is in flight.</exception>
    /// <exception cref="InvalidDataException">A launch met input that makes no sense, such as a label that is no
    /// class.</exception>
    public StepOutcome Complete()
    {
        if (Pending == 0)
        {
            throw new InvalidOperationException("No step is in flight.");
        }

        if (copied == taken)
        {
            Receive();
        }

        StepRecord record = copy[taken++ % Capacity];
        return new StepOutcome(record.Loss, record.SquaredChange, record.GradientScale, (StepEnd)record.End);
    }

    /// <summary>
    /// Forgets the steps in flight, and a failure: until the next <see cref="Begin"/> the launches go by their own settings.
    /// </summary>
    public void Reset()
    {
        if (!memory.IsHeld)
        {
            return;
        }

        device.Synchronize();
        taken = copied = begun = sentAt[0] = sentAt[1] = 0;
        records.View.MemSetToZero(device.Accelerator.DefaultStream);
        memory.IsHeld = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        readback?.Dispose();
        GpuDevice.Free(records);
        memory.Dispose();
    }

    internal static void ObserveKernel(ArrayView<float> loss, ArrayView<StepRecord> records, double share, int first)
    {
        double before = first != 0 ? 0 : records[Capacity].Loss;
        records[Capacity].Loss = before + (loss[0] * share);
    }

    internal static void CheckKernel(
        ArrayView<float> sums, int count, ArrayView<StepCarry> carry, ArrayView<float> settings, ArrayView<StepRecord> records)
    {
        double squared = Total(sums, count);
        if (Group.IdxX == 0)
        {
            double loss = records[Capacity].Loss, scale = 1;
            int end = (int)StepEnd.Skipped, slot = (int)records[Capacity].End;
            if (carry[0].Refused == 0)
            {
                // As the host does: the loss is a float, the norm is not.
                end = !IsFinite((float)loss) ? (int)StepEnd.LossNotFinite : !IsFinite(squared) ? (int)StepEnd.GradientNotFinite
                    : (int)StepEnd.Done;
                double norm = Math.Sqrt(squared), largestNorm = settings.Cast<StepSettings>()[0].LargestNorm.Value;
                if (norm > largestNorm)
                {
                    scale = largestNorm / norm;
                }

                carry[0].GradientScale = (float)scale;
                carry[0].Refused = end == (int)StepEnd.Done ? 0 : 1;
            }

            records[slot].Loss = loss;
            records[slot].GradientScale = scale;
            records[slot].End = end;
        }
    }

    internal static void CloseKernel(
        ArrayView<float> sums, int count, ArrayView<StepCarry> carry, ArrayView<float> settings, ArrayView<StepRecord> records)
    {
        double squared = Total(sums, count);
        if (Group.IdxX != 0)
        {
            return;
        }

        int slot = (int)records[Capacity].End;
        if (carry[0].Refused == 0)
        {
            records[slot].SquaredChange = squared;
            if (IsFinite(squared))
            {
                double numerator = settings.Cast<StepSettings>()[0].Numerator.Value;
                double ratio = squared > 0 ? numerator / Math.Sqrt(squared) : 0;
                carry[0].RhoScale = (float)(ratio < float.MaxValue ? ratio : float.MaxValue);
            }
            else
            {
                records[slot].End = (int)StepEnd.WeightsLost;
                carry[0].Refused = 1;
            }
        }

        records[Capacity].End = slot + 1 == Capacity ? 0 : slot + 1;
    }

    internal static void KeepKernel(ArrayView<float> made, ArrayView<float> kept, ArrayView<StepCarry> carry)
    {
        if (carry[0].Refused == 0)
        {
            int stride = Grid.DimX * Group.DimX;
            for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < (int)kept.Length; i += stride)
            {
                kept[i] = made[i];
            }
        }
    }

    /// <summary>
    /// By the bits: ILGPU turns a comparison that is negated into its opposite, which NaN does not fulfil either.
    /// </summary>
    private static bool IsFinite(double value) => (BitConverter.DoubleToInt64Bits(value) & long.MaxValue) < 0x7FF0_0000_0000_0000;

    /// <summary><see cref="BlockSum.Total"/> by one group, for all of its threads.</summary>
    private static double Total(ArrayView<float> sums, int count)
    {
        ArrayView<double> totals = SharedMemory.Allocate<double>(BlockSum.Totals);
        for (int j = Group.IdxX; j < BlockSum.Totals; j += Group.DimX)
        {
            double sum = 0;
            for (int block = j; block < count; block += BlockSum.Totals)
            {
                sum += sums[block];
            }

            totals[j] = sum;
        }

        for (int half = BlockSum.Totals / 2; half > 0; half /= 2)
        {
            Group.Barrier();
            for (int j = Group.IdxX; j < half; j += Group.DimX)
            {
                totals[j] += totals[j + half];
            }
        }

        // All threads read what the first has written.
        Group.Barrier();
        return totals[0];
    }

    /// <summary>Gets the records of the oldest step in flight and of some behind it.</summary>
    private void Receive()
    {
        try
        {
            int older = sentAt[0] > taken && (sentAt[0] < sentAt[1] || sentAt[1] <= taken) ? 0 : 1;
            if (readback is not null && sentAt[older] > taken)
            {
                readback.Receive(older).CopyTo(MemoryMarshal.AsBytes(copy.AsSpan()));
                copied = sentAt[older];
                return;
            }

            records.View.SubView(0, Capacity).CopyToCPU(device.Accelerator.DefaultStream, copy);
            device.Accelerator.DefaultStream.Synchronize();
            copied = begun;
        }
        catch (Exception failure) when (GpuDevice.IsDriverFailure(failure))
        {
            throw device.Failed("the outcomes of steps were read", failure);
        }

        device.Faults.Check();
    }

    private sealed class Started(Action start) : Launch
    {
        public override void Run() => start();
    }
}

/// <summary>What is known of a step on the device: a <see cref="StepOutcome"/> in doubles.</summary>
internal struct StepRecord
{
    /// <summary>The batch's mean loss.</summary>
    public double Loss;

    /// <summary>‖Δw‖².</summary>
    public double SquaredChange;

    /// <summary>What the update multiplied the gradient by.</summary>
    public double GradientScale;

    /// <summary>A <see cref="StepEnd"/>.</summary>
    public long End;
}
