using System.Runtime.InteropServices;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;
using PacGen.Core.Perturbation;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>
/// Training steps on a GPU of which the host reads the outcomes later, so that no step waits for it. What a step's kernels need of each
/// other stays in the device's memory: the scale of a clipped gradient, the 1/‖Δw‖ of line 6 of Algorithm 1, and whether a step ended
/// badly: then no later one perturbs or updates anything, so that the weights are those in which the host finds the failure.
/// </summary>
/// <remarks>
/// <see cref="Begin"/> sends a step's settings. Its launches are the perturbation; the pass, with <see cref="Observe"/> for each part of the
/// batch; the sum of the gradient's squares; <see cref="Judge"/>; the update; <see cref="Close"/>. They have the same arguments in every step,
/// so that they may be recorded as one. Numbers are computed in double in the host's order, so that they have its bits; but the loss of a batch in
/// parts, a sum of products that a driver may fuse, is for the eye.
/// </remarks>
public sealed class StepLedger : IDisposable
{
    /// <summary>How many steps may be under way, their outcomes not yet taken.</summary>
    public const int Capacity = 32;

    /// <summary>After how many steps their records are sent to the host.</summary>
    private const int Half = Capacity / 2;

    // In the record of a step: loss, ‖Δw‖², the gradient's scale, how it ended. After all records, the loss of the step under way and its record.
    private const int LossAt = 0, ChangeAt = 1, ScaleAt = 2, EndAt = 3, Words = 4, RunningLoss = Capacity * Words, Present = RunningLoss + 1;

    private readonly GpuDevice device;
    private readonly GpuBuffer scalars;
    private readonly Upload upload;
    private readonly MemoryBuffer1D<double, Stride1D.Dense> records;
    private readonly double[] copy = new double[RunningLoss];
    private readonly float[] sent = new float[StepScalars.Count - StepScalars.Sent];
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<double>, double, int> observe;
    private readonly CudaReadback? readback;
    private readonly long[] sentAt = new long[2];
    private long begun, copied, taken;
    private bool holds;

    private StepLedger(GpuDevice device, GpuBuffer gradientSums, GpuBuffer changeSums, GpuBuffer scalars)
    {
        this.device = device;
        this.scalars = scalars;
        upload = device.CreateUpload(new Region(scalars, StepScalars.Sent, sent.Length));
        records = device.Accelerator.Allocate1D<double>(Present + 1);
        records.View.MemSetToZero(device.Accelerator.DefaultStream);
        readback = device.TryReadBack(records.NativePtr, RunningLoss * sizeof(double));
        observe = device.Load(
            ((Delegate)ObserveKernel).Method, accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<double>, double, int>(ObserveKernel));
        Action<KernelConfig, ArrayView<float>, int, ArrayView<float>, ArrayView<double>> judge = device.Load(
            ((Delegate)JudgeKernel).Method, accelerator => accelerator.LoadStreamKernel<ArrayView<float>, int, ArrayView<float>, ArrayView<double>>(JudgeKernel));
        Action<KernelConfig, ArrayView<float>, int, ArrayView<float>, ArrayView<double>> close = device.Load(
            ((Delegate)CloseKernel).Method, accelerator => accelerator.LoadStreamKernel<ArrayView<float>, int, ArrayView<float>, ArrayView<double>>(CloseKernel));
        KernelConfig group = device.Groups(1, BlockSum.Totals);
        int blocks = (int)changeSums.Count;
        Judge = new Started(() => judge(group, gradientSums.View, blocks, scalars.View, records.View));
        Close = new Started(() => close(group, changeSums.View, blocks, scalars.View, records.View));
    }

    /// <summary>Decides whether the step may update, and the gradient's scale, behind the sum of the gradient's squares.</summary>
    public Launch Judge { get; }

    /// <summary>Ends the step, behind the update.</summary>
    public Launch Close { get; }

    /// <summary>How many steps are under way.</summary>
    public int Pending => (int)(begun - taken);

    /// <summary>A ledger for the launches of one optimizer.</summary>
    /// <param name="device">Where they run.</param>
    /// <param name="gradientNorm">The sum of the gradient's squares.</param>
    /// <param name="update">The update.</param>
    /// <param name="perturb">The perturbation, or null where there is none.</param>
    /// <returns>Null where steps are better waited for: on the CPU, and on GPUs without double precision.</returns>
    public static StepLedger? TryCreate(Devices.Device device, SumLaunch<NoSettings> gradientNorm, UpdateLaunch update, PerturbLaunch? perturb)
    {
        ArgumentNullException.ThrowIfNull(gradientNorm);
        ArgumentNullException.ThrowIfNull(update);
        if (device is not GpuDevice gpu || gradientNorm.BlockSums is not { } gradientSums || update.BlockSums is not { } changeSums
            || (gpu.Accelerator is CLAccelerator openCl && !openCl.Capabilities.Float64))
        {
            return null;
        }

        GpuBuffer scalars = (GpuBuffer)gpu.Allocate(StepScalars.Count, "a step's scalars");
        update.Follow(scalars);
        perturb?.Follow(scalars);
        return new StepLedger(gpu, gradientSums, changeSums, scalars);
    }

    /// <summary>Notes the loss of a batch, or of a part of it.</summary>
    /// <param name="loss">Where the mean loss of the part is.</param>
    /// <param name="share">The part's share of the batch's images.</param>
    /// <param name="first">Whether it is the batch's first part.</param>
    public Launch Observe(Region loss, double share, bool first)
    {
        ArrayView<float> view = GpuDevice.View(loss);
        return new Started(() => observe(new KernelConfig(1, 1), view, records.View, share, first ? 1 : 0));
    }

    /// <summary>Copies behind <see cref="Close"/> what a step that ended well is to leave, such as running statistics; after a bad one nothing.</summary>
    /// <param name="made">What the step's pass made.</param>
    /// <param name="kept">Where it is kept; of the same length.</param>
    /// <exception cref="ArgumentException">The regions differ in length.</exception>
    public Launch Keep(Region made, Region kept)
    {
        if (made.Count != kept.Count)
        {
            throw new ArgumentException($"{made.Count} numbers can't be kept as {kept.Count}.", nameof(kept));
        }

        Action<KernelConfig, ArrayView<float>, ArrayView<float>, ArrayView<float>> keep = device.Load(
            ((Delegate)KeepKernel).Method, accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<float>, ArrayView<float>>(KeepKernel));
        ArrayView<float> from = GpuDevice.View(made), to = GpuDevice.View(kept);
        KernelConfig grid = device.Grid(kept.Count);
        return new Started(() => keep(grid, from, to, scalars.View));
    }

    /// <summary>Sends what the launches of a step go by. Waits for nothing.</summary>
    /// <param name="update">The settings of the update; the gradient's scale is <see cref="Judge"/>'s.</param>
    /// <param name="perturb">The settings of the perturbation; after a step of this ledger ρ's scale and the gradient's are what that step left.</param>
    /// <param name="largestNorm">The gradient's largest norm, +∞ for any.</param>
    /// <param name="numerator">What the next perturbation divides by this step's ‖Δw‖: <see cref="HessianLipschitz.Numerator"/>.</param>
    /// <exception cref="InvalidOperationException">There are <see cref="Capacity"/> steps under way.</exception>
    public void Begin(in UpdateSettings update, in PerturbSettings perturb, double largestNorm, double numerator)
    {
        if (Pending == Capacity)
        {
            throw new InvalidOperationException($"{Capacity} steps are under way: take the outcome of one first.");
        }

        if (!holds)
        {
            scalars.Write(StepScalars.Mode, [StepScalars.Begun]);
            holds = true;
        }

        if (readback is not null && begun > 0 && begun % Half == 0)
        {
            // The steps so far are enqueued by now: their records come to the host behind them, and hold up nothing.
            int slot = (int)(begun / Half % 2);
            readback.Send(slot);
            sentAt[slot] = begun;
        }

        StepScalars.Fill(sent, update, perturb, largestNorm, numerator);
        upload.Write(sent);
        begun++;
    }

    /// <summary>The outcome of the oldest step under way; waits for it where it is not known yet.</summary>
    /// <exception cref="InvalidOperationException">No step is under way.</exception>
    /// <exception cref="InvalidDataException">A launch met input that makes no sense, such as a label that is no class.</exception>
    public StepOutcome Take()
    {
        if (Pending == 0)
        {
            throw new InvalidOperationException("No step is under way.");
        }

        if (copied == taken)
        {
            Receive();
        }

        int at = Words * (int)(taken++ % Capacity);
        return new StepOutcome(copy[at + LossAt], copy[at + ChangeAt], copy[at + ScaleAt], (StepEnd)copy[at + EndAt]);
    }

    /// <summary>Forgets the steps under way, and a failure: until the next <see cref="Begin"/> the launches go by their own settings.</summary>
    public void Reset()
    {
        if (!holds)
        {
            return;
        }

        device.Synchronize();
        taken = copied = begun = sentAt[0] = sentAt[1] = 0;
        records.View.MemSetToZero(device.Accelerator.DefaultStream);
        scalars.Write(StepScalars.Mode, [0f]);
        holds = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        upload.Dispose();
        readback?.Dispose();
        records.Dispose();
        scalars.Dispose();
    }

    internal static void ObserveKernel(ArrayView<float> loss, ArrayView<double> records, double share, int first)
    {
        double before = first != 0 ? 0 : records[RunningLoss];
        records[RunningLoss] = before + (loss[0] * share);
    }

    internal static void JudgeKernel(
        ArrayView<float> sums, int count, ArrayView<float> scalars, ArrayView<double> records)
    {
        double squared = Total(sums, count);
        if (Group.IdxX == 0)
        {
            int at = Words * (int)records[Present];
            double loss = records[RunningLoss], scale = 1;
            records[at + LossAt] = loss;
            int end = (int)StepEnd.Skipped;
            if (scalars[StepScalars.Mode] != StepScalars.Refused)
            {
                // As the host does: the loss is a float, the norm is not.
                end = !IsFinite((float)loss) ? (int)StepEnd.LossNotFinite : !IsFinite(squared) ? (int)StepEnd.GradientNotFinite : (int)StepEnd.Done;
                double norm = Math.Sqrt(squared), largestNorm = StepScalars.Double(scalars, StepScalars.LargestNorm);
                if (norm > largestNorm)
                {
                    scale = largestNorm / norm;
                }

                scalars[StepScalars.GradientScale] = (float)scale;
                scalars[StepScalars.Mode] = end == (int)StepEnd.Done ? StepScalars.Followed : StepScalars.Refused;
            }

            records[at + ScaleAt] = scale;
            records[at + EndAt] = end;
        }
    }

    internal static void CloseKernel(
        ArrayView<float> sums, int count, ArrayView<float> scalars, ArrayView<double> records)
    {
        double squared = Total(sums, count);
        if (Group.IdxX != 0)
        {
            return;
        }

        int slot = (int)records[Present];
        if (scalars[StepScalars.Mode] == StepScalars.Followed)
        {
            int at = Words * slot;
            records[at + ChangeAt] = squared;
            if (IsFinite(squared))
            {
                double ratio = squared > 0 ? StepScalars.Double(scalars, StepScalars.Numerator) / Math.Sqrt(squared) : 0;
                scalars[StepScalars.RhoScale] = (float)(ratio < float.MaxValue ? ratio : float.MaxValue);
            }
            else
            {
                records[at + EndAt] = (int)StepEnd.WeightsLost;
                scalars[StepScalars.Mode] = StepScalars.Refused;
            }
        }

        records[Present] = slot + 1 == Capacity ? 0 : slot + 1;
    }

    internal static void KeepKernel(ArrayView<float> made, ArrayView<float> kept, ArrayView<float> scalars)
    {
        if (scalars[StepScalars.Mode] == StepScalars.Followed)
        {
            int stride = Grid.DimX * Group.DimX;
            for (int i = (Grid.IdxX * Group.DimX) + Group.IdxX; i < (int)kept.Length; i += stride)
            {
                kept[i] = made[i];
            }
        }
    }

    /// <summary>By the bits: ILGPU turns a comparison that is negated into its opposite, which NaN does not fulfil either.</summary>
    private static bool IsFinite(double value) => (BitConverter.DoubleToInt64Bits(value) & long.MaxValue) < 0x7FF0_0000_0000_0000;

    /// <summary><see cref="BlockSum.Total"/> by one group, for its first thread.</summary>
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

        return totals[0];
    }

    /// <summary>Gets the records of the oldest step under way and of some behind it.</summary>
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

            records.View.SubView(0, RunningLoss).CopyToCPU(device.Accelerator.DefaultStream, copy);
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
