using System.Globalization;

namespace PacGen.Nn;

/// <summary>Work in passes over a set of images: a pass over half of the set counts ½.</summary>
/// <param name="Losses">Passes for the loss or the outputs alone.</param>
/// <param name="Gradients">Passes with a gradient, about three times the work.</param>
/// <param name="Products">Passes with a product of the Hessian or another curvature matrix, about twice a gradient's
/// work.</param>
public readonly record struct PassCost(double Losses, double Gradients, double Products)
{
    /// <summary>The same work in gradients, a loss being a third of one and a product two.</summary>
    public double InGradients => (Losses / 3) + Gradients + (2 * Products);

    /// <summary>Both costs together.</summary>
    public static PassCost operator +(PassCost a, PassCost b) =>
        new(a.Losses + b.Losses, a.Gradients + b.Gradients, a.Products + b.Products);

    /// <summary>What one cost exceeds another by.</summary>
    public static PassCost operator -(PassCost a, PassCost b) =>
        new(a.Losses - b.Losses, a.Gradients - b.Gradients, a.Products - b.Products);

    /// <summary>The kinds of passes that were taken.</summary>
    public override string ToString()
    {
        (double Count, string Name)[] parts = [
            (Losses, "losses"), (Gradients, "gradients"), (Products, "products")];
        string text = string.Join(", ", parts.Where(part => part.Count > 0).Select(
            part => string.Create(CultureInfo.InvariantCulture, $"{part.Count:G4} {part.Name}")));
        return text.Length > 0 ? text : "nothing";
    }
}
