using PacGen.Kernels;
using Step = PacGen.Nn.GraphCompiler.Step;

namespace PacGen.Nn;

/// <summary>
/// Lets products compute the maps behind them as they store (<see cref="Operation.WithEpilogue"/>): a map that alone reads a
/// product, of the same elements, and that the device's kernel can take.
/// </summary>
internal static class EpiloguePlan
{
    /// <summary>The steps with such products where their maps stood.</summary>
    /// <param name="steps">The steps, each behind those that it needs.</param>
    /// <param name="device">Where they run.</param>
    /// <param name="kept">Tensors that are wanted in memory.</param>
    /// <param name="source">The tensor whose memory a tensor shows.</param>
    public static List<Step> Join(List<Step> steps, Device device, IReadOnlySet<Tensor> kept, Func<Tensor, Tensor> source)
    {
        Dictionary<Tensor, int> readers = [], places = [];
        for (int i = 0; i < steps.Count; i++)
        {
            places[steps[i].Output] = i;
            foreach (Tensor input in steps[i].Inputs)
            {
                readers[source(input)] = readers.GetValueOrDefault(source(input)) + 1;
            }
        }

        Step?[] result = [.. steps];
        for (int i = 0; i < steps.Count; i++)
        {
            if (steps[i].Operation is not FusedMap map)
            {
                continue;
            }

            // Of two products that a map adds, the later: the other's numbers are there by then.
            foreach (int argument in Enumerable.Range(0, steps[i].Inputs.Length).OrderByDescending(
                argument => places.GetValueOrDefault(source(steps[i].Inputs[argument]), -1)))
            {
                Tensor product = source(steps[i].Inputs[argument]);
                if (readers[product] == 1 && !kept.Contains(product) && places.TryGetValue(product, out int place)
                    && With(steps[place], steps[i], map, argument) is { } joined)
                {
                    (result[place], result[i]) = (null, joined);
                    break;
                }
            }
        }

        return [.. result.OfType<Step>()];

        Step? With(Step product, Step reader, FusedMap map, int argument)
        {
            Shape made = product.Output.Shape, wanted = reader.Output.Shape;
            if (made.Rank == 0 || wanted.Rank == 0 || made.Count != wanted.Count || made[-1] != wanted[-1]
                || reader.Inputs[argument].Shape != wanted)
            {
                return null;
            }

            Tensor[] others = [.. reader.Inputs.Where((_, i) => i != argument)];
            Expression epilogue = map.Expression.Substitute([
                .. reader.Inputs.Select((_, i) => Expression.Argument(i == argument ? 0 : i < argument ? i + 1 : i))]);
            return product.Operation.WithEpilogue(
                device, epilogue, wanted, [.. others.Select(other => other.Shape)]) is { } operation
                ? new Step(operation, [.. product.Inputs, .. others], reader.Output) : null;
        }
    }
}
