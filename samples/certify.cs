#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false

// Certifies a network on handwritten digits: a bound on its error that holds with probability 0.965, from its training images
// alone.
//
//     dotnet run samples/certify.cs

using PacGen.Nn;

Dataset digits = Datasets.Digits();
Mlp model = new(64, 64, 10);

// Half of the training images teach the prior; the certificate is for the other half. Draws and epochs are few, so that this ends
// in seconds.
CertifyOptions options =
    new() { PriorFraction = 0.5, PriorEpochs = 60, PosteriorEpochs = 5, PriorLevels = [10, 1000], Draws = 20_000 };
Certificate certificate = Certifier.Certify(model, digits, options);
Console.WriteLine(certificate);

CertifiedLoss error = certificate.ZeroOne;
Console.WriteLine(
    $"\nprior learnt on {certificate.PriorImages} images, certificate over {certificate.BoundImages}, {certificate.Draws} " +
    $"draws of all {certificate.Mean.Count} weights");
Console.WriteLine(
    $"error on the images of the certificate {error.Sample:F4}, certified {error.Value:F4}, on the test images " +
    $"{error.TestLoss:F4}");
foreach (PacGen.Core.Bounds.BoundTerm term in error.Bound.Terms)
{
    Console.WriteLine($"  {term.Name,-30} {term.Value:G5}");
}
