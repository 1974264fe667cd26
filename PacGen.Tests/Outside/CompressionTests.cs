using PacGen.Core.Bounds;
using PacGen.Core.Compression;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>A bound by a description's length, of numbers of one's own and of a network.</summary>
internal sealed class CompressionTests
{
    [Test]
    public void NumbersOfOnesOwn()
    {
        float[] numbers = [0.11f, -0.09f, 0.1f, 0, 0.01f, -0.1f];
        QuantizedVector coarse = QuantizedVector.Even(numbers, 3);
        BitMessage message = coarse.ToMessage();
        float[] again = QuantizedVector.Of(message).ToArray();
        Assert.That(again, Is.EqualTo(coarse.ToArray()));
        Assert.That(again.Zip(numbers, (a, b) => Math.Abs(a - b)), Is.All.LessThan(0.03));
        BoundResult bound = CompressionBound.Exact(errors: 30, message.Length, n: 10_000, delta: 0.05);
        Assert.That(bound.Value, Is.InRange(0.003, 0.01));
        Assert.That($"{bound}", Does.Contain("bits ="));
    }

    [Test]
    public void ANetworkIsCertifiedByItsMessage()
    {
        Certificate certificate = Certifier.Certify(new Mlp(64, 16, 10), Datasets.Digits(), new CertifyOptions
        {
            PriorEpochs = 5, PosteriorEpochs = 0, PriorLevels = [1000], Draws = 719, Device = Device.Cpu,
            Compression = new CompressionOptions { Dimensions = [50], Levels = [3], Epochs = 2 },
        });
        CompressedNetwork compressed = certificate.Compressed!;
        Assert.That(compressed.Candidates, Has.Count.EqualTo(3));
        Assert.That(compressed.Bound.Value, Is.LessThanOrEqualTo(compressed.Candidates[0].Bound));
        Assert.That($"{compressed}", Does.Contain("at most"));
        Assert.That($"{compressed.Candidates[1]}", Does.Contain("even levels"));
        Assert.That(certificate.Comparison, Has.Count.EqualTo(9));
    }
}
