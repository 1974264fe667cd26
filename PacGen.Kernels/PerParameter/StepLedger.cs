using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.OpenCL;
using PacGen.Kernels.Devices;

namespace PacGen.Kernels.PerParameter;

/// <summary>
/// Training steps on a GPU of which the host reads the outcomes later, so that no step waits for it. What a step's kernels need of each
/// other stays in the device's memory: the scale of a clipped gradient, the 1/‖Δw‖ of line 6 of Algorithm 1, and whether a step ended
/// badly: then no later one perturbs or updates anything, so that the weights are those in which the host finds the failure.
/// </summary>
/// <remarks>
/// A step is: the perturbation; the pass, with <see cref="Observe"/> for each part of the batch; the sum of the gradient's squares;
/// <see cref="Judge"/>; the update; <see cref="Close"/>. Numbers are computed in double in the host's order, so that they have its bits.
/// </remarks>
public sealed class StepLedger : IDisposable
{
    /// <summary>How many steps may be under way, their outcomes not yet taken.</summary>
    public const int Capacity = 32;

    // In the record of a step: loss, ‖Δw‖², the gradient's scale, how it ended. After all records, the loss of the step under way.
    private const int LossAt = 0, ChangeAt = 1, ScaleAt = 2, EndAt = 3, Words = 4, RunningLoss = Capacity * Words;

    private readonly GpuDevice device;
    private readonly GpuBuffer scalars, gradientSums, changeSums;
    private readonly MemoryBuffer1D<double, Stride1D.Dense> records;
    private readonly double[] copy = new double[RunningLoss];
    private readonly KernelConfig group;
    private readonly Action<KernelConfig, ArrayView<float>, ArrayView<double>, double, int> observe;
    private readonly Action<KernelConfig, ArrayView<float>, int, ArrayView<float>, ArrayView<double>, int, double> judge, close;
    private readonly int blocks;
    private long begun, copied, taken;

    private StepLedger(GpuDevice device, GpuBuffer gradientSums, GpuBuffer changeSums, int blocks, GpuBuffer scalars)
    {
        this.device = device;
        this.gradientSums = gradientSums;
        this.changeSums = changeSums;
        this.blocks = blocks;
        this.scalars = scalars;
        records = device.Accelerator.Allocate1D<double>(RunningLoss + 1);
        records.View.MemSetToZero(device.Accelerator.DefaultStream);
        group = device.Groups(1, BlockSum.Totals);
        observe = device.Load(
            ((Delegate)ObserveKernel).Method, accelerator => accelerator.LoadStreamKernel<ArrayView<float>, ArrayView<double>, double, int>(ObserveKernel));
        judge = device.Load(
            ((Delegate)JudgeKernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<float>, int, ArrayView<float>, ArrayView<double>, int, double>(JudgeKernel));
        close = device.Load(
            ((Delegate)CloseKernel).Method,
            accelerator => accelerator.LoadStreamKernel<ArrayView<float>, int, ArrayView<float>, ArrayView<double>, int, double>(CloseKernel));
    }

    /// <summary>How many steps are under way.</summary>
    public int Pending => (int)(begun - taken);

    /// <summary>A ledger for the launches of one optimizer.</summary>
    /// <param name="device">Where they run.</param>
    /// <param name="gradientNorm">The sum of the gradient's squares.</param>
    /// <param name="update">The update.</param>
    /// <param name="perturb">The perturbation, or null where there is none.</param>
    /// <returns>Null where steps are better waited for: on the CPU, and on GPUs without double precision.</returns>
    public static StepLedger? TryCreate(Devices.Device device, SumOfSquaresLaunch gradientNorm, UpdateLaunch update, PerturbLaunch? perturb)
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
        return new StepLedger(gpu, gradientSums, changeSums, (int)changeSums.Count, scalars);
    }

    /// <summary>Notes the loss of a batch, or of a part of it. Only enqueues, as <see cref="Judge"/> and <see cref="Close"/> do.</summary>
    /// <param name="loss">Where the mean loss of the part is.</param>
    /// <param name="share">The part's share of the batch's images.</param>
    /// <param name="first">Whether it is the batch's first part.</param>
    public void Observe(Region loss, double share, bool first) => observe(new KernelConfig(1, 1), GpuDevice.View(loss), records.View, share, first ? 1 : 0);

    /// <summary>Decides whether the step may update, and the gradient's scale, once the sum of the gradient's squares has been launched.</summary>
    /// <param name="largestNorm">The gradient's largest norm, +∞ for any.</param>
    /// <exception cref="InvalidOperationException">There are <see cref="Capacity"/> steps under way.</exception>
    public void Judge(double largestNorm)
    {
        if (Pending == Capacity)
        {
            throw new InvalidOperationException($"{Capacity} steps are under way: take the outcome of one first.");
        }

        judge(group, gradientSums.View, blocks, scalars.View, records.View, Slot(begun), largestNorm);
    }

    /// <summary>Ends the step, once the update has been launched.</summary>
    /// <param name="numerator">What the next perturbation divides by this step's ‖Δw‖: <see cref="Core.Perturbation.HessianLipschitz.Numerator"/>.</param>
    public void Close(double numerator)
    {
        close(group, changeSums.View, blocks, scalars.View, records.View, Slot(begun), numerator);
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
            records.View.SubView(0, RunningLoss).CopyToCPU(device.Accelerator.DefaultStream, copy);
            device.Accelerator.DefaultStream.Synchronize();
            copied = begun;
            device.Faults.Check();
        }

        int at = Words * Slot(taken++);
        return new StepOutcome(copy[at + LossAt], copy[at + ChangeAt], copy[at + ScaleAt], (StepEnd)copy[at + EndAt]);
    }

    /// <summary>Forgets the steps under way, and a failure: the next perturbation and update go by their settings again.</summary>
    public void Reset()
    {
        device.Synchronize();
        taken = copied = begun;
        scalars.Write(0, stackalloc float[StepScalars.Count]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        records.Dispose();
        scalars.Dispose();
    }

    internal static void ObserveKernel(ArrayView<float> loss, ArrayView<double> records, double share, int first)
    {
        double before = first != 0 ? 0 : records[RunningLoss];
        records[RunningLoss] = before + (loss[0] * share);
    }

    internal static void JudgeKernel(
        ArrayView<float> sums, int count, ArrayView<float> scalars, ArrayView<double> records, int slot, double largestNorm)
    {
        double squared = Total(sums, count);
        if (Group.IdxX == 0)
        {
            int at = Words * slot;
            double loss = records[RunningLoss], scale = 1;
            records[at + LossAt] = loss;
            int end = (int)StepEnd.Skipped;
            if (scalars[StepScalars.Mode] != StepScalars.Refused)
            {
                // As the host does: the loss is a float, the norm is not.
                float single = (float)loss;
                bool finite = single <= float.MaxValue && single >= -float.MaxValue;
                end = !finite ? (int)StepEnd.LossNotFinite : !(squared <= double.MaxValue) ? (int)StepEnd.GradientNotFinite : (int)StepEnd.Done;
                double norm = Math.Sqrt(squared);
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
        ArrayView<float> sums, int count, ArrayView<float> scalars, ArrayView<double> records, int slot, double numerator)
    {
        double squared = Total(sums, count);
        if (Group.IdxX == 0 && scalars[StepScalars.Mode] == StepScalars.Followed)
        {
            int at = Words * slot;
            records[at + ChangeAt] = squared;
            if (squared <= double.MaxValue)
            {
                double ratio = squared > 0 ? numerator / Math.Sqrt(squared) : 0;
                scalars[StepScalars.RhoScale] = (float)(ratio < float.MaxValue ? ratio : float.MaxValue);
            }
            else
            {
                records[at + EndAt] = (int)StepEnd.WeightsLost;
                scalars[StepScalars.Mode] = StepScalars.Refused;
            }
        }
    }

    private static int Slot(long step) => (int)(step % Capacity);

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
}
