namespace PacGen.Nn;

/// <summary>Some samples of a set, which are read from it.</summary>
internal sealed class ChosenSamples(SampleSet source, int[] indices) : SampleSet(
    indices.Length, source.SampleShape, source.Target)
{
    private readonly int[] labels =
        source.Labels.IsEmpty ? [] : Array.ConvertAll(indices, index => source.Labels[index]);

    public override ReadOnlySpan<int> Labels => labels;

    public override Normalization? Normalization => source.Normalization;

    /// <summary>Its share of the source's memory.</summary>
    public override long Bytes =>
        source.Bytes == 0 ? 0 : (long)((double)source.Bytes * Count / source.Count) + (
            sizeof(int) * ((long)indices.Length + labels.Length));

    public override string Noun => source.Noun;

    public override SampleSet Subset(ReadOnlySpan<int> chosen)
    {
        int[] own = chosen.ToArray();
        return source.Subset(Array.ConvertAll(own, index =>
        {
            RequireSample(index);
            return indices[index];
        }));
    }

    public override SampleSet With(Normalization normalization) =>
        new ChosenSamples(source.With(normalization), indices);

    internal override void ReadRaw(int index, Span<float> sample, Span<float> target) =>
        source.ReadRaw(indices[index], sample, target);

    internal override (double[] Mean, double[] Deviation) Statistics(ReadOnlySpan<int> chosen) =>
        source.Statistics(Array.ConvertAll(chosen.ToArray(), index => indices[index]));

    protected override void Read(int index, Span<float> sample, Span<float> target) =>
        ReadFrom(source, indices[index], sample, target);
}
