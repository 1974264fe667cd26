using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// A map of Winograd's convolution on a GPU, as a type argument of its kernel; it is applied to the rows of a square and then to
/// the columns. See <see cref="IWinogradTile"/> for the maps.
/// </summary>
internal interface IWinogradMap
{
    /// <summary>How many numbers it takes, 6 at most.</summary>
    static abstract int Inputs { get; }

    /// <summary>How many it gives, 6 at most.</summary>
    static abstract int Outputs { get; }

    /// <summary>The map.</summary>
    static abstract WinogradLine Of(WinogradLine line);
}

/// <summary>The maps of F(2, 3), with <see cref="Winograd2"/>'s points.</summary>
internal static class WinogradMaps2
{
    /// <summary>Bᵀ d.</summary>
    internal readonly struct Images : IWinogradMap
    {
        public static int Inputs => 4;

        public static int Outputs => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WinogradLine Of(WinogradLine line) => new()
        {
            N0 = WinogradMaps.Subtract(line.N0, line.N2),
            N1 = Quad.Add(line.N1, line.N2),
            N2 = WinogradMaps.Subtract(line.N2, line.N1),
            N3 = WinogradMaps.Subtract(line.N3, line.N1),
        };
    }

    /// <summary>G g.</summary>
    internal readonly struct Weights : IWinogradMap
    {
        public static int Inputs => 3;

        public static int Outputs => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WinogradLine Of(WinogradLine line)
        {
            Quad even = WinogradMaps.Multiply(0.5f, Quad.Add(line.N0, line.N2)), odd = WinogradMaps.Multiply(0.5f, line.N1);
            return new WinogradLine
            {
                N0 = line.N0, N1 = Quad.Add(even, odd), N2 = WinogradMaps.Subtract(even, odd), N3 = line.N2,
            };
        }
    }

    /// <summary>Aᵀ p.</summary>
    internal readonly struct Sums : IWinogradMap
    {
        public static int Inputs => 4;

        public static int Outputs => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WinogradLine Of(WinogradLine line) => new()
        {
            N0 = Quad.Add(line.N0, Quad.Add(line.N1, line.N2)),
            N1 = Quad.Add(line.N3, WinogradMaps.Subtract(line.N1, line.N2)),
        };
    }

    /// <summary>A y.</summary>
    internal readonly struct Gradients : IWinogradMap
    {
        public static int Inputs => 2;

        public static int Outputs => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WinogradLine Of(WinogradLine line) => new()
        {
            N0 = line.N0,
            N1 = Quad.Add(line.N0, line.N1),
            N2 = WinogradMaps.Subtract(line.N0, line.N1),
            N3 = line.N1,
        };
    }

    /// <summary>Gᵀ p.</summary>
    internal readonly struct WeightGradients : IWinogradMap
    {
        public static int Inputs => 4;

        public static int Outputs => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WinogradLine Of(WinogradLine line)
        {
            Quad even = WinogradMaps.Multiply(0.5f, Quad.Add(line.N1, line.N2));
            return new WinogradLine
            {
                N0 = Quad.Add(line.N0, even),
                N1 = WinogradMaps.Multiply(0.5f, WinogradMaps.Subtract(line.N1, line.N2)),
                N2 = Quad.Add(line.N3, even),
            };
        }
    }
}

/// <summary>The maps of F(4, 3), with <see cref="Winograd4"/>'s points.</summary>
internal static class WinogradMaps4
{
    /// <summary>Bᵀ d.</summary>
    internal readonly struct Images : IWinogradMap
    {
        public static int Inputs => 6;

        public static int Outputs => 6;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WinogradLine Of(WinogradLine line)
        {
            Quad evenP = Quad.MultiplyAdd(-Winograd4.Q2, line.N2, line.N4);
            Quad oddP = WinogradMaps.Multiply(Winograd4.P, Quad.MultiplyAdd(-Winograd4.Q2, line.N1, line.N3));
            Quad evenQ = Quad.MultiplyAdd(-Winograd4.P2, line.N2, line.N4);
            Quad oddQ = WinogradMaps.Multiply(Winograd4.Q, Quad.MultiplyAdd(-Winograd4.P2, line.N1, line.N3));
            return new WinogradLine
            {
                N0 = Quad.MultiplyAdd(Winograd4.Product, line.N0, Quad.MultiplyAdd(-Winograd4.Sum, line.N2, line.N4)),
                N1 = Quad.Add(evenP, oddP),
                N2 = WinogradMaps.Subtract(evenP, oddP),
                N3 = Quad.Add(evenQ, oddQ),
                N4 = WinogradMaps.Subtract(evenQ, oddQ),
                N5 = Quad.MultiplyAdd(Winograd4.Product, line.N1, Quad.MultiplyAdd(-Winograd4.Sum, line.N3, line.N5)),
            };
        }
    }

    /// <summary>G g.</summary>
    internal readonly struct Weights : IWinogradMap
    {
        public static int Inputs => 3;

        public static int Outputs => 6;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WinogradLine Of(WinogradLine line)
        {
            Quad evenP = Quad.MultiplyAdd(Winograd4.GP2, line.N2, WinogradMaps.Multiply(Winograd4.GP, line.N0));
            Quad oddP = WinogradMaps.Multiply(Winograd4.GP1, line.N1);
            Quad evenQ = Quad.MultiplyAdd(Winograd4.GQ2, line.N2, WinogradMaps.Multiply(Winograd4.GQ, line.N0));
            Quad oddQ = WinogradMaps.Multiply(Winograd4.GQ1, line.N1);
            return new WinogradLine
            {
                N0 = WinogradMaps.Multiply(Winograd4.G0, line.N0),
                N1 = Quad.Add(evenP, oddP),
                N2 = WinogradMaps.Subtract(evenP, oddP),
                N3 = Quad.Add(evenQ, oddQ),
                N4 = WinogradMaps.Subtract(evenQ, oddQ),
                N5 = line.N2,
            };
        }
    }

    /// <summary>Aᵀ p.</summary>
    internal readonly struct Sums : IWinogradMap
    {
        public static int Inputs => 6;

        public static int Outputs => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WinogradLine Of(WinogradLine line)
        {
            Quad evenP = Quad.Add(line.N1, line.N2), oddP = WinogradMaps.Subtract(line.N1, line.N2);
            Quad evenQ = Quad.Add(line.N3, line.N4), oddQ = WinogradMaps.Subtract(line.N3, line.N4);
            return new WinogradLine
            {
                N0 = Quad.Add(line.N0, Quad.Add(evenP, evenQ)),
                N1 = Quad.MultiplyAdd(Winograd4.P, oddP, WinogradMaps.Multiply(Winograd4.Q, oddQ)),
                N2 = Quad.MultiplyAdd(Winograd4.P2, evenP, WinogradMaps.Multiply(Winograd4.Q2, evenQ)),
                N3 = Quad.MultiplyAdd(Winograd4.P3, oddP, Quad.MultiplyAdd(Winograd4.Q3, oddQ, line.N5)),
            };
        }
    }

    /// <summary>A y.</summary>
    internal readonly struct Gradients : IWinogradMap
    {
        public static int Inputs => 4;

        public static int Outputs => 6;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WinogradLine Of(WinogradLine line)
        {
            Quad evenP = Quad.MultiplyAdd(Winograd4.P2, line.N2, line.N0);
            Quad oddP = Quad.MultiplyAdd(Winograd4.P3, line.N3, WinogradMaps.Multiply(Winograd4.P, line.N1));
            Quad evenQ = Quad.MultiplyAdd(Winograd4.Q2, line.N2, line.N0);
            Quad oddQ = Quad.MultiplyAdd(Winograd4.Q3, line.N3, WinogradMaps.Multiply(Winograd4.Q, line.N1));
            return new WinogradLine
            {
                N0 = line.N0,
                N1 = Quad.Add(evenP, oddP),
                N2 = WinogradMaps.Subtract(evenP, oddP),
                N3 = Quad.Add(evenQ, oddQ),
                N4 = WinogradMaps.Subtract(evenQ, oddQ),
                N5 = line.N3,
            };
        }
    }

    /// <summary>Gᵀ p.</summary>
    internal readonly struct WeightGradients : IWinogradMap
    {
        public static int Inputs => 6;

        public static int Outputs => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static WinogradLine Of(WinogradLine line)
        {
            Quad evenP = Quad.Add(line.N1, line.N2), oddP = WinogradMaps.Subtract(line.N1, line.N2);
            Quad evenQ = Quad.Add(line.N3, line.N4), oddQ = WinogradMaps.Subtract(line.N3, line.N4);
            return new WinogradLine
            {
                N0 = Quad.MultiplyAdd(
                    Winograd4.G0, line.N0,
                    Quad.MultiplyAdd(Winograd4.GP, evenP, WinogradMaps.Multiply(Winograd4.GQ, evenQ))),
                N1 = Quad.MultiplyAdd(Winograd4.GP1, oddP, WinogradMaps.Multiply(Winograd4.GQ1, oddQ)),
                N2 = Quad.MultiplyAdd(Winograd4.GP2, evenP, Quad.MultiplyAdd(Winograd4.GQ2, evenQ, line.N5)),
            };
        }
    }
}

/// <summary>What the maps share.</summary>
internal static class WinogradMaps
{
    /// <summary>a − b, rounded once.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Subtract(Quad a, Quad b) => Quad.MultiplyAdd(-1f, b, a);

    /// <summary>A number times four.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quad Multiply(float a, Quad b) => Quad.Multiply(Quad.Constant(a), b);
}
