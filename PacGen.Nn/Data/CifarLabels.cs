namespace PacGen.Nn;

/// <summary>What stands before the pixels of an image in CIFAR's binary files, and which of it is the class.</summary>
public enum CifarLabels
{
    /// <summary>CIFAR-10: one byte, one of 10 classes.</summary>
    Ten,

    /// <summary>CIFAR-100: a byte for one of 20 superclasses, then one for one of 100 classes; this is the latter.</summary>
    Fine,

    /// <summary>CIFAR-100: a byte for one of 20 superclasses, then one for one of 100 classes; this is the former.</summary>
    Coarse,
}
