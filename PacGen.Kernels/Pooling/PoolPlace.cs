namespace PacGen.Kernels;

/// <summary>A pack's place in images: which image, row, column and pack of channels.</summary>
internal readonly struct PoolPlace
{
    public readonly int Image, Row, Column, Channel;

    public PoolPlace(int index, int height, int width, int channels)
    {
        int pixel = index / channels, line = pixel / width;
        Channel = index - (pixel * channels);
        Column = pixel - (line * width);
        Image = line / height;
        Row = line - (Image * height);
    }
}
