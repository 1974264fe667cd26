using PacGen.Kernels;
using Step = PacGen.Nn.GraphCompiler.Step;

namespace PacGen.Nn;

/// <summary>
/// Where in one slab of memory the intermediates of a graph lie: places are shared by tensors that are never alive together.
/// </summary>
internal sealed class SlabPlan
{
    private const int Alignment = 16;
    private readonly Dictionary<Tensor, Storage> storageOf = [];

    /// <param name="steps">The steps, each behind those that it needs.</param>
    /// <param name="outputs">What is read behind the last step.</param>
    /// <param name="isPlaced">Whether a tensor has memory already.</param>
    /// <param name="source">The tensor whose memory a tensor shows.</param>
    public SlabPlan(
        List<Step> steps, IReadOnlyList<Tensor> outputs, Func<Tensor, bool> isPlaced, Func<Tensor, Tensor> source)
    {
        // What another step's launch does reads what that step does, not the mean that its expression names, which comes later.
        Dictionary<Tensor, int> lastUse = [];
        foreach (Step step in steps.Where(step => !step.IsDone))
        {
            foreach (Tensor input in step.Inputs)
            {
                lastUse[source(input)] = Math.Max(step.Until, lastUse.GetValueOrDefault(source(input)));
            }
        }

        foreach (Tensor output in outputs)
        {
            lastUse[source(output)] = int.MaxValue;
        }

        List<Storage> storages = [];
        for (int index = 0; index < steps.Count; index++)
        {
            Step step = steps[index];
            int t = step.Time;
            if (isPlaced(step.Output) || step.Target is not null)
            {
                continue;
            }

            int end = lastUse.GetValueOrDefault(step.Output, t);
            Storage? storage = step.Operation is FusedMap
                ? step.Inputs
                    .Where(input => input.Shape == step.Output.Shape && lastUse[source(input)] == t
                        && !steps.Skip(index + 1).TakeWhile(later => later.Time == t).Any(
                            later => later.Inputs.Any(other => source(other) == source(input))))
                    .Select(input => storageOf.GetValueOrDefault(source(input)))
                    .FirstOrDefault(candidate => candidate is not null && candidate.End == t)
                : null;
            if (storage is null)
            {
                storage = new Storage { Start =
                    t, End = end, Size = (step.Output.Shape.Count + Alignment - 1) / Alignment * Alignment };
                storages.Add(storage);
            }

            storage.End = end;
            storageOf[step.Output] = storage;
        }

        // Largest first, each at the lowest offset that is free for its whole life.
        List<Storage> placed = [];
        long total = 0;
        foreach (Storage storage in storages.OrderByDescending(storage => storage.Size))
        {
            long offset = 0;
            foreach (Storage other in placed.Where(other => other.Start <= storage.End && storage.Start <= other.End).OrderBy(
                other => other.Offset))
            {
                if (other.Offset >= offset + storage.Size)
                {
                    break;
                }

                offset = Math.Max(offset, other.Offset + other.Size);
            }

            storage.Offset = offset;
            placed.Add(storage);
            total = Math.Max(total, offset + storage.Size);
        }

        Count = total;
    }

    /// <summary>The slab's floats.</summary>
    public long Count { get; }

    /// <summary>Each intermediate's first float in it.</summary>
    public IEnumerable<(Tensor Tensor, long Offset)> Offsets => storageOf.Select(pair => (pair.Key, pair.Value.Offset));

    private sealed class Storage
    {
        public required int Start { get; init; }

        public required int End { get; set; }

        public required long Size { get; init; }

        public long Offset { get; set; }
    }
}
