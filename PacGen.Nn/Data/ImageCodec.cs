namespace PacGen.Nn;

/// <summary>
/// Decodes image files for <see cref="Datasets.Load"/>. PacGen.Nn has none of its own, because codecs come with native files:
/// the package PacGen.Images has one, which is found where that package is referred to.
/// </summary>
public abstract class ImageCodec
{
    private static readonly Lock Gate = new();
    private static ImageCodec? current;
    private static bool searched;

    /// <summary>
    /// The codec that image files are decoded with: the one that was set, else that of PacGen.Images; null where neither is
    /// there.
    /// </summary>
    public static ImageCodec? Current
    {
        get
        {
            lock (Gate)
            {
                if (!searched)
                {
                    (current, searched) = (Find(), true);
                }

                return current;
            }
        }

        set
        {
            lock (Gate)
            {
                (current, searched) = (value, true);
            }
        }
    }

    /// <summary>Reads an image's header.</summary>
    /// <param name="file">The file's bytes, which begin as those of a PNG or JPEG do. They are not changed later.</param>
    /// <returns>The image, or null where the header is not whole.</returns>
    public abstract EncodedImage? Open(byte[] file);

    // The name is one text, so that trimming and native compilation see the type and keep it where the assembly is there.
    private static ImageCodec? Find() =>
        Type.GetType("PacGen.Images.SkiaCodec, PacGen.Images") is { } type ? (ImageCodec)Activator.CreateInstance(type)! : null;
}
