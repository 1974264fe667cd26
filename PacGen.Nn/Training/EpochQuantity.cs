namespace PacGen.Nn;

/// <summary>A number of an <see cref="EpochResult"/> by which epochs are compared.</summary>
public enum EpochQuantity
{
    /// <summary>The accuracy on the test set; the higher, the better.</summary>
    TestAccuracy,

    /// <summary>The loss on the test set; the lower, the better.</summary>
    TestLoss,

    /// <summary>The loss on the training set; the lower, the better.</summary>
    TrainLoss,

    /// <summary>The pacGen score Ψ; the lower, the better.</summary>
    Psi,
}
