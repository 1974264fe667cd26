namespace PacGen.Nn.Data;

/// <summary>A set of images to train on and one to test on.</summary>
/// <param name="Name">The name that <see cref="Datasets.Load"/> knows it by, or one of your own.</param>
/// <param name="Train">The images to train on.</param>
/// <param name="Test">The images to test on.</param>
public sealed record Dataset(string Name, ImageSet Train, ImageSet Test)
{
    /// <summary>Where the data came from, for a person to read: a folder, or that it is embedded.</summary>
    public string Origin { get; init; } = "memory";
}
