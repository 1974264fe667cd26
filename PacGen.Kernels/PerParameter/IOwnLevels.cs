namespace PacGen.Kernels.PerParameter;

/// <summary>Whether each parameter has a level of noise of its own, as a type argument.</summary>
internal interface IOwnLevels
{
    static abstract bool Own { get; }
}

/// <summary>Each parameter has its own σ.</summary>
internal readonly struct OwnLevels : IOwnLevels
{
    public static bool Own => true;
}

/// <summary>One σ for all.</summary>
internal readonly struct OneLevel : IOwnLevels
{
    public static bool Own => false;
}
