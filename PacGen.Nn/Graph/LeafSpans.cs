using PacGen.Kernels;
using Step = PacGen.Nn.GraphCompiler.Step;

namespace PacGen.Nn;

/// <summary>
/// Leaves that lie in one buffer, such as a model's weights, become pairs of bfloat16 by one launch, with what lies between them:
/// a pair has the place of its numbers, so that each leaf's pairs are a part of the launch's output (<see cref="PairSpan"/>).
/// </summary>
internal static class LeafSpans
{
    /// <summary>
    /// The most numbers between two leaves that are taken along: 1.5 MB are read and written sooner than a launch is made.
    /// </summary>
    private const long MostBetween = 1 << 18;

    /// <summary>The most numbers of a launch, which a kernel can count.</summary>
    private const long Most = 1 << 29;

    /// <summary>Numbers whose pairs take 16 bytes, on which each leaf's pairs start.</summary>
    private const int Unit = 8;

    /// <summary>The steps that store what lies near others; the others are left to steps of their own.</summary>
    /// <param name="steps">Steps that round a leaf and do nothing else.</param>
    /// <param name="rounding">What they compute.</param>
    /// <param name="regions">The leaves' memory; takes that of spans.</param>
    /// <param name="places">Takes where the numbers of a step's output are, as pairs.</param>
    public static List<Step> Store(
        IReadOnlyList<Step> steps, Expression rounding, Dictionary<Tensor, Region> regions, Dictionary<Tensor, Tensor> places)
    {
        List<Step> result = [];
        foreach (var near in steps.Where(step => regions.ContainsKey(step.Inputs[0])).GroupBy(
            step => (regions[step.Inputs[0]].Buffer, regions[step.Inputs[0]].Start % Unit)))
        {
            Step[] sorted = [.. near.OrderBy(step => regions[step.Inputs[0]].Start)];
            for (int first = 0, next; first < sorted.Length; first = next)
            {
                Region start = regions[sorted[first].Inputs[0]];
                long end = start.Start + start.Count;
                for (next = first + 1; next < sorted.Length; next++)
                {
                    Region region = regions[sorted[next].Inputs[0]];
                    long last = Math.Max(end, region.Start + region.Count);
                    if (region.Start - end > MostBetween || last - start.Start > Most)
                    {
                        break;
                    }

                    end = last;
                }

                if (next - first > 1)
                {
                    result.Add(Span(sorted[first..next], new Region(start.Buffer, start.Start, end - start.Start)));
                }
            }
        }

        return result;

        Step Span(Step[] members, Region region)
        {
            Tensor leaf = Tensor.Input(new Shape(checked((int)region.Count)), "weights");
            PairMap map = new(rounding, leaf.Shape);
            Tensor made = Tensor.Apply(map, leaf);
            regions[leaf] = region;
            foreach (Step member in members)
            {
                long start = (regions[member.Inputs[0]].Start - region.Start) / 2;
                places[member.Output] = Tensor.Apply(new PairSpan(start, PairMap.Places(member.Output.Shape)), made);
            }

            return new Step(map, [leaf], made);
        }
    }
}
