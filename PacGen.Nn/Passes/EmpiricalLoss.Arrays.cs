using System.Numerics;
using System.Runtime.CompilerServices;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <content>Between arrays in double precision here and the device's in single precision, a part after the other.</content>
public sealed partial class EmpiricalLoss
{
    /// <summary>512 KiB: they stay in a core's cache.</summary>
    private const int LongestPart = 1 << 17;

    private float[] Part => field ??= new float[Math.Min(Count, LongestPart)];

    /// <summary>Rounds a direction and sends it to the device.</summary>
    private void Send(ReadOnlySpan<double> along, int index)
    {
        Require(along.Length, nameof(along));
        for (int start = 0; start < Count; start += Part.Length)
        {
            Span<float> part = Part.AsSpan(0, Math.Min(Part.Length, Count - start));
            Round(along.Slice(start, part.Length), part);
            directions[index].Along.Write(start, part);
        }
    }

    /// <summary>Adds an array of the device in its share.</summary>
    private void Add(DeviceBuffer values, Span<double> sum, double share)
    {
        for (int start = 0; start < Count; start += Part.Length)
        {
            Span<float> part = Part.AsSpan(0, Math.Min(Part.Length, Count - start));
            values.Read(start, part);
            Add(part, sum.Slice(start, part.Length), share);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round(ReadOnlySpan<double> values, Span<float> result)
    {
        int i = 0, half = Vector<double>.Count;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Narrow(new Vector<double>(values[i..]), new Vector<double>(values[(i + half)..])).CopyTo(result[i..]);
        }

        for (; i < values.Length; i++)
        {
            result[i] = (float)values[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(ReadOnlySpan<float> values, Span<double> sum, double share)
    {
        int i = 0, half = Vector<double>.Count;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Widen(new Vector<float>(values[i..]), out Vector<double> low, out Vector<double> high);
            Span<double> first = sum[i..], second = sum[(i + half)..];
            (new Vector<double>(first) + (low * share)).CopyTo(first);
            (new Vector<double>(second) + (high * share)).CopyTo(second);
        }

        for (; i < values.Length; i++)
        {
            sum[i] += values[i] * share;
        }
    }

    /// <exception cref="TrainingException">One is not finite.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Finite(ReadOnlySpan<double> values)
    {
        // A finite number times 0 is 0, any other NaN.
        Vector<double> zeros = default;
        int i = 0;
        for (; i <= values.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            zeros += new Vector<double>(values[i..]) * 0.0;
        }

        foreach (double value in Vector.EqualsAll(zeros, default) ? values[i..] : values)
        {
            Finite(value);
        }
    }
}
