using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace PacGen.Kernels;

/// <summary>A grid of windows over each of several images: what a convolution sums over.</summary>
/// <param name="Images">The number of images.</param>
/// <param name="Height">An image's rows.</param>
/// <param name="Width">An image's columns.</param>
/// <param name="Channels">The numbers at each place.</param>
/// <param name="Rows">The rows of windows.</param>
/// <param name="Columns">The columns of windows.</param>
/// <param name="KernelHeight">A window's rows.</param>
/// <param name="KernelWidth">A window's columns.</param>
/// <param name="StrideHeight">Rows from a window to the next.</param>
/// <param name="StrideWidth">Columns from a window to the next.</param>
/// <param name="Top">How far the first window stands above the image; negative inside it.</param>
/// <param name="Left">How far the first window stands left of the image; negative inside it.</param>
internal readonly record struct Windows(
    int Images, int Height, int Width, int Channels, int Rows, int Columns, int KernelHeight, int KernelWidth, int StrideHeight,
    int StrideWidth, int Top, int Left)
{
    /// <summary>The rows of the image that the windows span.</summary>
    public int SpanHeight => SpanOf(Rows);

    /// <summary>The columns of the image that the windows span.</summary>
    public int SpanWidth => ((Columns - 1) * StrideWidth) + KernelWidth;

    /// <summary>Whether no window leaves the image, as empty ones never do.</summary>
    public bool Inside => KernelHeight == 0 || KernelWidth == 0
        || (Top <= 0 && Left <= 0 && SpanHeight - Top <= Height && SpanWidth - Left <= Width);

    /// <summary>Whether each place of an image is a window, so that the images are a matrix with a row for each.</summary>
    public bool IsPointwise => KernelHeight == 1 && KernelWidth == 1 && Top == 0 && Left == 0 && Rows == Height
        && Columns == Width;

    /// <summary>The rows of the image that some rows of windows span.</summary>
    public int SpanOf(int rows) => ((rows - 1) * StrideHeight) + KernelHeight;

    /// <summary>Copies what some rows of windows span of an image, with zeros where they leave it.</summary>
    /// <param name="image">The image's first number.</param>
    /// <param name="firstRow">The first row of windows.</param>
    /// <param name="rows">The rows of windows.</param>
    /// <param name="destination">Takes <see cref="SpanOf"/>(rows) × <see cref="SpanWidth"/> × <see cref="Channels"/>
    /// numbers.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public unsafe void CopySpan(float* image, int firstRow, int rows, float* destination)
    {
        int line = SpanWidth * Channels, begin = Math.Clamp(Left, 0, SpanWidth), end = Math.Clamp(Width + Left, begin, SpanWidth);
        for (int i = 0; i < SpanOf(rows); i++, destination += line)
        {
            int source = (firstRow * StrideHeight) + i - Top;
            if (source < 0 || source >= Height)
            {
                new Span<float>(destination, line).Clear();
                continue;
            }

            float* from = image + ((((nint)source * Width) + begin - Left) * Channels);
            Frame(from, destination, begin * Channels, end * Channels, line);
        }
    }

    // A line with zeros before and behind it. A call of the system's copying costs more than a line of few channels.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static unsafe void Frame(float* from, float* to, int begin, int end, int line)
    {
        int vector = Vector256<float>.Count, count = end - begin;
        if (count < vector || begin > vector || line - end > vector)
        {
            new Span<float>(to, begin).Clear();
            new Span<float>(from, count).CopyTo(new Span<float>(to + begin, count));
            new Span<float>(to + end, line - end).Clear();
            return;
        }

        // Whole vectors of zeros, of which the line then takes what is its own; its last vector ends where it does.
        Vector256<float>.Zero.Store(to);
        Vector256<float>.Zero.Store(to + line - vector);
        to += begin;
        for (int i = 0; i < count - vector; i += vector)
        {
            Vector256.Load(from + i).Store(to + i);
        }

        Vector256.Load(from + count - vector).Store(to + count - vector);
    }
}
