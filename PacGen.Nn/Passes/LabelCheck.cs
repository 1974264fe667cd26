using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>
/// Finds labels that a model has no output for, before a pass is taken: within one a whole epoch may come first.
/// </summary>
internal static class LabelCheck
{
    /// <summary>Holds a data set against a model that is to be trained on it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="loss">The loss of a batch from the model's output and the labels.</param>
    /// <param name="data">The data set.</param>
    /// <param name="outputs">How many outputs the model has.</param>
    /// <exception cref="ArgumentException">The model has fewer outputs than there are classes, or a label is beyond the
    /// outputs.</exception>
    public static void Require(Module model, Func<Tensor, Tensor, Tensor> loss, Dataset data, int outputs)
    {
        if (loss == Loss.CrossEntropy && data.Train.Target.Kind == TargetKind.Class && outputs < data.Train.Classes)
        {
            throw new ArgumentException(
                $"{model.GetType().Name} has {outputs} outputs, but {data.Name} has {data.Train.Classes} classes: its last " +
                    $"layer needs one for each.", nameof(model));
        }

        Require(model, loss, data.Train, $"{data.Name}'s training {data.Train.Noun}");
        Require(model, loss, data.Test, $"{data.Name}'s test {data.Test.Noun}");
    }

    /// <summary>
    /// Holds the labels of a set against the outputs among which the loss looks them up; a loss that uses labels as numbers takes
    /// any.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="loss">The loss of a batch from the model's output and the labels.</param>
    /// <param name="images">The set.</param>
    /// <param name="what">What the set is, for people.</param>
    /// <exception cref="ArgumentException">A label is beyond the outputs.</exception>
    public static void Require(Module model, Func<Tensor, Tensor, Tensor> loss, SampleSet images, string what)
    {
        if (images.Target.Kind != TargetKind.Class)
        {
            return;
        }

        int largest = 0;
        for (int i = 1; i < images.Labels.Length; i++)
        {
            largest = images.Labels[i] > images.Labels[largest] ? i : largest;
        }

        // A set that is not in memory has a label that it may have.
        int label = images.Labels.IsEmpty ? images.Classes - 1 : images.Labels[largest];
        Tensor labels = Tensor.Input(new Shape(1), "labels");
        model.Eval();
        Tensor mean =
            loss(model.Apply(Tensor.Input(images.Form.Batch(1), "images")), labels);
        int[] limits = [
            .. from node in Gradients.Ordered(mean) where node.Operation is SoftmaxCrossEntropy or GatherColumn
            && Leads(labels, node.Inputs[1]) select node.Inputs[0].Shape[-1]];
        if (limits.Length > 0 && label >= limits.Min())
        {
            throw new ArgumentException(
                $"{what} have the label {label} ({images.Noun[..^1]} {largest}), but {model.GetType().Name} has {limits.Min()} " +
                    $"outputs, for the labels 0 to {limits.Min() - 1}: give its last layer {label + 1}, or correct the labels.",
                nameof(images));
        }
    }

    /// <summary>Whether a tensor is another, but for its shape.</summary>
    private static bool Leads(Tensor from, Tensor to) => to == from
        || (to.Operation is PacGen.Kernels.Reshape && Leads(from, to.Inputs[0]));
}
