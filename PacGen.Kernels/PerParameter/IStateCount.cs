namespace PacGen.Kernels;

/// <summary>How many numbers a rule keeps for a parameter, as a type argument.</summary>
internal interface IStateCount
{
    static abstract int Count { get; }
}

/// <summary>None.</summary>
internal readonly struct NoStates : IStateCount
{
    public static int Count => 0;
}

/// <summary>One.</summary>
internal readonly struct OneState : IStateCount
{
    public static int Count => 1;
}

/// <summary>Two.</summary>
internal readonly struct TwoStates : IStateCount
{
    public static int Count => 2;
}

/// <summary>Three.</summary>
internal readonly struct ThreeStates : IStateCount
{
    public static int Count => 3;
}

/// <summary>Four, the most.</summary>
internal readonly struct FourStates : IStateCount
{
    public static int Count => 4;
}
