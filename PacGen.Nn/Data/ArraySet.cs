using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Samples of any shape and their targets as floats in memory, sample after sample. Immutable; any number of threads may read it.
/// </summary>
public sealed class ArraySet : SampleSet
{
    private readonly ReadOnlyMemory<float> samples, targets;
    private readonly ReadOnlyMemory<int> labels;

    /// <summary>A set whose targets are numbers, around the given memory, which is not copied.</summary>
    /// <param name="samples">The numbers, N × the sample's of them.</param>
    /// <param name="sample">The extents of one sample, at least one axis.</param>
    /// <param name="targets">The targets' numbers, N × <see cref="TargetForm.Size"/> of them.</param>
    /// <param name="form">Probabilities, labels of 0 or 1, or values.</param>
    /// <param name="normalization">What is done to the samples' numbers when they are gathered; null for nothing.</param>
    /// <exception cref="ArgumentException">The lengths disagree, a number is NaN or infinite, a row of probabilities does not
    /// sum up to 1, or a label is neither 0 nor 1.</exception>
    public ArraySet(
        ReadOnlyMemory<float> samples, Shape sample, ReadOnlyMemory<float> targets, TargetForm form,
        Normalization? normalization = null)
        : this(samples, sample, targets, default, Numbers(form), CountOf(targets.Length, form), normalization)
    {
        RequireFinite(samples.Span, sample, "");
        RequireTargets(targets.Span, form);
    }

    /// <summary>A set whose targets are classes, around the given memory, which is not copied.</summary>
    /// <param name="samples">The numbers, labels.Length × the sample's of them.</param>
    /// <param name="sample">The extents of one sample, at least one axis.</param>
    /// <param name="labels">The class of each sample, 0 to classes − 1.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <param name="normalization">What is done to the samples' numbers when they are gathered; null for nothing.</param>
    /// <exception cref="ArgumentException">The lengths disagree, a number is NaN or infinite, or a label is out of
    /// range.</exception>
    public ArraySet(
        ReadOnlyMemory<float> samples, Shape sample, ReadOnlyMemory<int> labels, int classes,
        Normalization? normalization = null)
        : this(samples, sample, default, labels, TargetForm.OneOf(classes), labels.Length, normalization)
    {
        RequireFinite(samples.Span, sample, "");
        RequireLabels(labels.Span, classes);
    }

    private ArraySet(
        ReadOnlyMemory<float> samples, Shape sample, ReadOnlyMemory<float> targets, ReadOnlyMemory<int> labels, TargetForm form,
        int count, Normalization? normalization)
        : base(count, sample, form)
    {
        (this.samples, this.targets, this.labels, Normalization) = (samples, targets, labels, normalization);
        if ((Int128)count * SampleSize != samples.Length)
        {
            throw new ArgumentException(
                $"{count} targets ask for as many samples of {sample}; there are {samples.Length} numbers.", nameof(samples));
        }

        normalization?.Require(this);
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Labels => labels.Span;

    /// <inheritdoc/>
    public override Normalization? Normalization { get; }

    /// <inheritdoc/>
    public override long Bytes => sizeof(float) * ((long)samples.Length + targets.Length + labels.Length);

    /// <inheritdoc/>
    public override string Noun => IsTable ? "rows" : base.Noun;

    /// <summary>Whether the samples are the rows of a table.</summary>
    internal bool IsTable { get; init; }

    /// <summary>All samples' numbers, before normalisation.</summary>
    public ReadOnlySpan<float> Samples => samples.Span;

    /// <summary>All targets' numbers; empty where they are classes.</summary>
    public ReadOnlySpan<float> Targets => targets.Span;

    /// <inheritdoc/>
    public override SampleSet Take(int count)
    {
        RequireSome(count);
        return labels.IsEmpty
            ? new ArraySet(
                samples[..(count * SampleSize)], SampleShape, targets[..(count * Target.Width)], default, Target, count,
                Normalization) { IsTable = IsTable }
            : new ArraySet(samples[..(count * SampleSize)], SampleShape, default, labels[..count], Target, count, Normalization)
            {
                IsTable = IsTable,
            };
    }

    /// <inheritdoc/>
    public override SampleSet WithLabels(ReadOnlyMemory<int> labels, int classes) =>
        new ArraySet(samples, SampleShape, labels, classes, Normalization) { IsTable = IsTable };

    /// <inheritdoc/>
    public override SampleSet With(Normalization normalization) =>
        new ArraySet(samples, SampleShape, targets, labels, Target, Count, normalization) { IsTable = IsTable };

    /// <exception cref="ArgumentException">A label is out of range.</exception>
    internal static void RequireLabels(ReadOnlySpan<int> labels, int classes)
    {
        int wrong = labels.IndexOfAnyExceptInRange(0, classes - 1);
        if (wrong >= 0)
        {
            throw new ArgumentException(
                $"Sample {wrong} has label {labels[wrong]}; labels of {classes} classes are 0 to {classes - 1}.", nameof(labels));
        }
    }

    internal override void ReadRaw(int index, Span<float> sample, Span<float> target)
    {
        samples.Span.Slice(index * SampleSize, SampleSize).CopyTo(sample);
        if (labels.IsEmpty)
        {
            targets.Span.Slice(index * Target.Width, Target.Width).CopyTo(target);
        }
        else
        {
            target[0] = labels.Span[index];
        }
    }

    internal override void AppendTo(IncrementalHash hash)
    {
        hash.AppendData(MemoryMarshal.AsBytes(samples.Span));
        hash.AppendData(MemoryMarshal.AsBytes(targets.Span));
        hash.AppendData(MemoryMarshal.AsBytes(labels.Span));
    }

    /// <inheritdoc/>
    protected override void Read(int index, Span<float> sample, Span<float> target)
    {
        ReadRaw(index, sample, target);
        Normalization?.Apply(sample, sample);
    }

    private static TargetForm Numbers(TargetForm form)
    {
        ArgumentNullException.ThrowIfNull(form);
        return form.Kind != TargetKind.Class ? form
            : throw new ArgumentException("Classes are given as whole numbers: use the constructor that takes labels.",
                nameof(form));
    }

    private static int CountOf(int length, TargetForm form) => length % form.Size == 0 ? length / form.Size
        : throw new ArgumentException($"{length} numbers are no targets of {form.Size}.", nameof(length));

    private static void RequireFinite(ReadOnlySpan<float> numbers, Shape shape, string what)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            if (!float.IsFinite(numbers[i]))
            {
                throw new ArgumentException(
                    $"{(what.Length > 0 ? what : "Number")} {i % shape.Count} of sample {i / shape.Count} is {numbers[i]}: " +
                        $"leave such samples out, or put numbers in their place.", nameof(numbers));
            }
        }
    }

    private static void RequireTargets(ReadOnlySpan<float> targets, TargetForm form)
    {
        const double Rounding = 1e-3;
        RequireFinite(targets, new Shape(form.Size), "Target");
        for (int i = 0; i < targets.Length; i += form.Size)
        {
            ReadOnlySpan<float> target = targets.Slice(i, form.Size);
            double sum = 0;
            foreach (float value in target)
            {
                sum += value;
                if (form.Kind == TargetKind.Bits && value is not (0 or 1))
                {
                    throw new ArgumentException(
                        $"A label of sample {i / form.Size} is {value}, but must be 0 or 1.", nameof(targets));
                }

                if (form.Kind == TargetKind.Probabilities && value < 0)
                {
                    throw new ArgumentException(
                        $"A probability of sample {i / form.Size} is {value}, but must not be negative.", nameof(targets));
                }
            }

            if (form.Kind == TargetKind.Probabilities && Math.Abs(sum - 1) > Rounding)
            {
                throw new ArgumentException(
                    $"The probabilities of sample {i / form.Size} sum up to {sum}, but must sum up to 1.", nameof(targets));
            }
        }
    }
}
