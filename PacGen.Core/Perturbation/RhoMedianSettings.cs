namespace PacGen.Core.Perturbation;

/// <summary>
/// The scalars of <see cref="RhoMedianTerm"/>: plain floats, prepared on the host in double, passed to kernels by value.
/// </summary>
public struct RhoMedianSettings
{
    /// <summary>γ of κ.</summary>
    public float Gamma;

    /// <summary>ε of κ.</summary>
    public float Epsilon;

    /// <summary>1/r is this times <see cref="Scale"/>.</summary>
    public float Reciprocal;

    /// <summary>A power of 2 that keeps <see cref="Reciprocal"/> within a float's range.</summary>
    public float Scale;

    /// <summary>Settings of γ, ε and s = 1/r.</summary>
    /// <param name="neighborhood">γ and ε of κ.</param>
    /// <param name="reciprocal">1/r, above 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">1/r is not a number above 0.</exception>
    public static RhoMedianSettings Of(Neighborhood neighborhood, double reciprocal)
    {
        ArgumentNullException.ThrowIfNull(neighborhood);
        if (!(reciprocal > 0 && double.IsFinite(reciprocal)))
        {
            throw new ArgumentOutOfRangeException(nameof(reciprocal), reciprocal, "1/r must be above 0.");
        }

        const int Half = 60;
        int exponent = Math.Sign(Math.ILogB(reciprocal)) * (Math.Abs(Math.ILogB(reciprocal)) > Half ? Half : 0);
        return new RhoMedianSettings
        {
            Gamma = (float)neighborhood.Gamma,
            Epsilon = (float)neighborhood.Epsilon,
            Reciprocal = (float)Math.ScaleB(reciprocal, -exponent),
            Scale = (float)Math.ScaleB(1, exponent),
        };
    }
}
