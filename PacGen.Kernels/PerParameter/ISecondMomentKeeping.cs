namespace PacGen.Kernels;

/// <summary>Whether an update keeps Algorithm 1's h, as a type argument.</summary>
internal interface ISecondMomentKeeping
{
    static abstract bool Keeps { get; }
}

/// <summary>The update keeps h.</summary>
internal readonly struct WithSecondMoment : ISecondMomentKeeping
{
    public static bool Keeps => true;
}

/// <summary>No h, or OPT's own second moment serves as h.</summary>
internal readonly struct WithoutSecondMoment : ISecondMomentKeeping
{
    public static bool Keeps => false;
}
