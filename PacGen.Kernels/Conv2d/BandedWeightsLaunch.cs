using System.Runtime.CompilerServices;

namespace PacGen.Kernels;

/// <summary>
/// The weights of an input gradient of stride 1 for several neighbouring places of an image at a time, as one panel: a window
/// reaches all of dy that any of the places needs, and a place's weights are 0 where it needs less.
/// </summary>
/// <param name="device">The device.</param>
/// <param name="weights">w.</param>
/// <param name="shape">Its shape (KH, KW, C, OC).</param>
/// <param name="places">The places of a window.</param>
/// <param name="width">The panel's columns with filling; those that count are the places' channels.</param>
/// <param name="destination">The panel, of KH · (KW + places − 1) · OC terms.</param>
internal sealed unsafe class BandedWeightsLaunch(
    CpuDevice device, Region weights, Shape shape, int places, int width, Region destination) : CpuLaunch(device)
{
    /// <inheritdoc/>
    public override int Tasks => shape[0];

    /// <summary>
    /// How many neighbouring places to take at a time: what divides an image's row and fills a vector best; 1 for none.
    /// </summary>
    public static int Places(int imageWidth, int channels, int lane)
    {
        int places = Math.Min(imageWidth, lane / channels);
        while (places > 1 && imageWidth % places != 0)
        {
            places--;
        }

        return Math.Max(1, places);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void RunTask(int task, int worker)
    {
        int kernel = shape[1], channels = shape[2], outputs = shape[3], span = kernel + places - 1;
        float* from = CpuDevice.Address(weights) + ((nint)(shape[0] - 1 - task) * kernel * channels * outputs);
        float* to = CpuDevice.Address(destination) + ((nint)task * span * outputs * width);
        new Span<float>(to, span * outputs * width).Clear();
        for (int q = 0; q < span; q++)
        {
            for (int place = Math.Max(0, q - kernel + 1); place <= Math.Min(q, places - 1); place++)
            {
                for (int channel = 0; channel < channels; channel++)
                {
                    float* tap = from + ((((nint)(kernel - 1 - (q - place)) * channels) + channel) * outputs);
                    float* column = to + ((nint)q * outputs * width) + (place * channels) + channel;
                    for (int output = 0; output < outputs; output++)
                    {
                        column[(nint)output * width] = tap[output];
                    }
                }
            }
        }
    }
}
