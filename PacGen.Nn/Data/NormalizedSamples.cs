namespace PacGen.Nn;

/// <summary>The samples of a set under a normalisation.</summary>
internal sealed class NormalizedSamples : SampleSet
{
    private readonly SampleSet source;

    /// <exception cref="ArgumentException">The channels are not those of the samples.</exception>
    public NormalizedSamples(SampleSet source, Normalization normalization)
        : base(source.Count, source.SampleShape, source.Target)
    {
        normalization.Require(source);
        (this.source, Normalization) = (source, normalization);
    }

    public override ReadOnlySpan<int> Labels => source.Labels;

    public override Normalization? Normalization { get; }

    public override long Bytes => source.Bytes;

    public override string Noun => source.Noun;

    public override SampleSet Subset(ReadOnlySpan<int> indices) => source.Subset(indices).With(Normalization!);

    public override SampleSet With(Normalization normalization) => source.With(normalization);

    internal override (double[] Mean, double[] Deviation) TargetStatistics() => source.TargetStatistics();

    internal override void ReadRaw(int index, Span<float> sample, Span<float> target) => source.ReadRaw(index, sample, target);

    protected override void Read(int index, Span<float> sample, Span<float> target)
    {
        source.ReadRaw(index, sample, target);
        Normalization!.Apply(sample, sample);
    }
}
