namespace PacGen.Nn;

/// <summary>The samples of a set with other classes.</summary>
internal sealed class RelabelledSamples : SampleSet
{
    private readonly SampleSet source;
    private readonly ReadOnlyMemory<int> labels;

    /// <exception cref="ArgumentException">There is not one label a sample, or one is out of range.</exception>
    public RelabelledSamples(SampleSet source, ReadOnlyMemory<int> labels, int classes)
        : base(source.Count, source.SampleShape, TargetForm.OneOf(classes))
    {
        (this.source, this.labels) = (source, labels);
        if (labels.Length != Count)
        {
            throw new ArgumentException($"{labels.Length} labels are given for {Count} {Noun}.", nameof(labels));
        }

        ArraySet.RequireLabels(labels.Span, classes);
    }

    public override ReadOnlySpan<int> Labels => labels.Span;

    public override Normalization? Normalization => source.Normalization;

    public override long Bytes => source.Bytes == 0 ? 0 : source.Bytes + (sizeof(int) * (long)labels.Length);

    public override string Noun => source.Noun;

    public override SampleSet With(Normalization normalization) =>
        new RelabelledSamples(source.With(normalization), labels, Classes);

    internal override void ReadRaw(int index, Span<float> sample, Span<float> target)
    {
        Span<float> other = stackalloc float[1];
        source.ReadRaw(index, sample, source.Target.Width == 1 ? other : new float[source.Target.Width]);
        target[0] = labels.Span[index];
    }

    protected override void Read(int index, Span<float> sample, Span<float> target)
    {
        Span<float> other = stackalloc float[1];
        ReadFrom(source, index, sample, source.Target.Width == 1 ? other : new float[source.Target.Width]);
        target[0] = labels.Span[index];
    }
}
