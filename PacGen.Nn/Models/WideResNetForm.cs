namespace PacGen.Nn;

/// <summary>The two published forms of <see cref="WideResNet"/>.</summary>
public enum WideResNetForm
{
    /// <summary>
    /// The code that the paper's section 7 used: convolutions with bias, the stride in a block's second convolution, and where
    /// the shape changes a 1×1 convolution of the block's raw input as shortcut.
    /// </summary>
    PaperCode,

    /// <summary>
    /// Zagoruyko and Komodakis's: no biases in convolutions, the stride in a block's first convolution, and where the shape
    /// changes a 1×1 convolution of the block's normalised and rectified input as shortcut. The last batch norm has the momentum
    /// of the others.
    /// </summary>
    Original,
}
