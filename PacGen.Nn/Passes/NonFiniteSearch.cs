using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Finds where the pass over a batch first has a number that is not finite: in the weights, in what a module makes of them, or
/// in a gradient.
/// </summary>
internal static class NonFiniteSearch
{
    /// <summary>
    /// Searches. The pass is taken anew, with everything between kept; the graphs that were compiled are given up for its memory.
    /// </summary>
    /// <param name="pass">The pass; its last batch was this one.</param>
    /// <param name="images">The images of the batch.</param>
    /// <param name="labels">Their labels.</param>
    /// <param name="step">The step number, for dropout.</param>
    /// <returns>The place, or null where all is finite.</returns>
    public static NonFiniteOrigin? Find(BatchGraph pass, ReadOnlySpan<float> images, ReadOnlySpan<float> labels, long step)
    {
        if (InPlace(pass) is { } before)
        {
            return before;
        }

        pass.Dispose();
        LayerTrace trace = new();
        pass.Module.Trace(trace);
        BatchGraph.Nodes nodes;
        try
        {
            nodes = pass.Forward(pass.CountOf(labels));
        }
        finally
        {
            pass.Module.Trace(null);
        }

        Tensor[] made = [.. PacGen.Nn.Gradients.Ordered([nodes.Output, nodes.Mean, .. nodes.Context?.Next.Values ?? []]).Where(
            node => node.Operation is not (null or Reshape))];
        using (CompiledGraph graph = CompiledGraph.Compile(pass.Arena.Device, made, pass.Bindings()))
        {
            foreach (Tensor input in graph.Inputs)
            {
                graph[input].Write(
                    input == nodes.Images ? images : input == nodes.Labels ? labels
                    : [input == nodes.Context?.Step ? step & BatchGraph.LargestStep : 1]);
            }

            graph.Run();
            foreach (Tensor node in made)
            {
                if (NonFiniteOrigin.First(graph[node]) is { } value)
                {
                    (string Path, string? Type)? place = trace.Find(node);
                    string where = place is { } known ? $"{known.Path}{(known.Type is null ? "" : $" ({known.Type})")}"
                        : node.Order > nodes.Output.Order ? "the loss"
                        : pass.Module.GetType().Name + (made.TakeWhile(other => other != node).Select(trace.Find).LastOrDefault(
                            other => other is not null) is { } behind ? $" behind {behind.Path}" : "");
                    return new NonFiniteOrigin(place?.Path, $"{where}, whose {node} has a value {value}");
                }
            }
        }

        if (pass.Gradients is not { } gradients)
        {
            return null;
        }

        // Backwards the last layers come first.
        Tensor[] gradient = nodes.Mean.Gradient([.. pass.Arena.Parameters.Select(parameter => parameter.Tensor)]);
        return NonFiniteOrigin.InArena(
            pass.Arena, gradients, Enumerable.Range(0, gradient.Length).OrderBy(i => gradient[i].Order))
            is { } lost
            ? Of(lost.Parameter.Name,
                $"the gradient of {lost.Parameter.Name}, which has a value {lost.Value} while the outputs " +
                "of all layers are finite")
            : null;
    }

    /// <summary>In what the pass reads: weights, perturbed weights, the model's state.</summary>
    private static NonFiniteOrigin? InPlace(BatchGraph pass)
    {
        ParameterArena arena = pass.Arena;
        if (NonFiniteOrigin.InArena(arena, arena.Weights) is { } lost)
        {
            return Of(
                lost.Parameter.Name, $"{lost.Parameter.Name}, which has a weight {lost.Value} before the step",
                "start from weights that are finite");
        }

        if (pass.Weights != arena.Weights && NonFiniteOrigin.InArena(arena, pass.Weights) is { } moved)
        {
            return Of(
                moved.Parameter.Name, $"{moved.Parameter.Name}, which the perturbation made {moved.Value}",
                "perturb less: a larger η, a smaller γ; or lower the learning rate");
        }

        StateTensor? statistic = pass.ReadsState
            ? arena.States.FirstOrDefault(state => NonFiniteOrigin.First(state.Region!.Value) is not null) : null;
        return statistic is null ? null : Of(
            statistic.Name, $"{statistic.Name}, which is {NonFiniteOrigin.First(statistic.Region!.Value)}" +
            $"{(pass.States is null ? "" : " before the step")}", pass.States is null ? null
                : "start from a state that is finite");
    }

    private static NonFiniteOrigin Of(string name, string text, string? advice = null) =>
        new(NonFiniteOrigin.ModuleOf(name), text, advice);
}
