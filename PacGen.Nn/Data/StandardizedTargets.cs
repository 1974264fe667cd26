using System.Security.Cryptography;

namespace PacGen.Nn;

/// <summary>The samples of a set, with values for targets that are standardised.</summary>
internal sealed class StandardizedTargets : SampleSet
{
    private readonly SampleSet source;
    private readonly Normalization scale;

    /// <exception cref="ArgumentException">The targets are no values, or not as many.</exception>
    public StandardizedTargets(SampleSet source, Normalization scale)
        : base(source.Count, source.SampleShape, source.Target with { Scale = scale })
    {
        (this.source, this.scale) = (source, scale);
        if (source.Target.Kind != TargetKind.Values || source.Target.Size != scale.Channels)
        {
            throw new ArgumentException(
                $"The targets are {source.Target}, but {new TargetForm(TargetKind.Values, scale.Channels)} would be " +
                    $"standardised.",
                nameof(source));
        }
    }

    public override Normalization? Normalization => source.Normalization;

    public override long Bytes => source.Bytes;

    public override string Noun => source.Noun;

    public override SampleSet Subset(ReadOnlySpan<int> indices) => new StandardizedTargets(source.Subset(indices), scale);

    public override SampleSet With(Normalization normalization) => new StandardizedTargets(source.With(normalization), scale);

    public override SampleSet WithTargets(Normalization scale) => new StandardizedTargets(source, scale);

    internal override void ReadRaw(int index, Span<float> sample, Span<float> target)
    {
        source.ReadRaw(index, sample, target);
        scale.Apply(target, target);
    }

    internal override void AppendRawTo(IncrementalHash hash) => source.AppendRawTo(hash);

    internal override (double[] Mean, double[] Deviation) Statistics(ReadOnlySpan<int> indices) => source.Statistics(indices);

    internal override (double[] Mean, double[] Deviation) TargetStatistics() => source.TargetStatistics();

    protected override void Read(int index, Span<float> sample, Span<float> target)
    {
        ReadFrom(source, index, sample, target);
        scale.Apply(target, target);
    }
}
