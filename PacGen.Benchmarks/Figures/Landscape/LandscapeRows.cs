namespace PacGen.Benchmarks.Figures.Landscape;

/// <summary>Figure 1's numbers, as lines of comma-separated values.</summary>
internal static class LandscapeRows
{
    /// <summary>The name that a local minimum is marked with, or none.</summary>
    public static string Name(PointScore one, (string Name, PointScore Score)[] marked) =>
        marked.FirstOrDefault(mark => ReferenceEquals(mark.Score, one)).Name ?? "";

    /// <summary>Every third line of the surface: a ninth of the points.</summary>
    public static IEnumerable<string> Grid(LossSurface surface)
    {
        yield return "w1,w2,loss,psi,bound";
        for (int i = 0; i < surface.Points; i += 3)
        {
            for (int j = 0; j < surface.Points; j += 3)
            {
                string place = $"{surface.Coordinate(i):0.####},{surface.Coordinate(j):0.####}";
                yield return $"{place},{surface.Loss[i, j]:G7},{surface.Psi[i, j]:G7},{surface.Bound[i, j]:G7}";
            }
        }
    }

    /// <summary>The local minima.</summary>
    public static IEnumerable<string> Optima(Optima optima, (string Name, PointScore Score)[] marked, SharedMlp network)
    {
        yield return "name,w1,w2,loss,d11,d12,d22,lambda_max,rho,sigma1,sigma2,psi,bound,wrong_labels";
        foreach (PointScore one in optima.Minima)
        {
            string loss =
                $"{one.Loss.Value:R},{one.Loss.D11:R},{one.Loss.D12:R},{one.Loss.D22:R},{one.Loss.Eigenvalues.Largest:R}";
            string score = $"{one.Rho:R},{one.Sigma1:R},{one.Sigma2:R},{one.Psi:R},{one.Bound:R}";
            yield return $"{Name(one, marked)},{one.W1:R},{one.W2:R},{loss},{score},{network.Wrong(one.W1, one.W2)}";
        }
    }

    /// <summary>The samples, with the probabilities that the marked networks give them.</summary>
    public static IEnumerable<string> Samples(MixtureSample sample, (string Name, PointScore Score)[] marked)
    {
        yield return $"x1,x2,gaussian,label{string.Concat(marked.Select(mark => $",p_{mark.Name.Replace(' ', '_')}"))}";
        for (int i = 0; i < sample.Count; i++)
        {
            double x = sample.X[i], y = sample.Y[i];
            IEnumerable<string> p = marked.Select(
                mark => $",{1 / (1 + Math.Exp(-SharedMlp.Logit(mark.Score.W1, mark.Score.W2, x, y))):R}");
            yield return $"{x:R},{y:R},{sample.Component[i]},{sample.Label[i]}{string.Concat(p)}";
        }
    }
}
