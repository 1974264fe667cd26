using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

/// <summary>Values that are sent to a device while it works.</summary>
[TestFixtureSource(typeof(DeviceFixture), nameof(Ids))]
internal sealed class UploadTests(string id) : DeviceFixture(id)
{
    private const int Count = 1000, Sends = 7;

    /// <summary>
    /// Nothing is read before all is sent, so the device may be behind by all of it; and the source is changed at once.
    /// </summary>
    [Test]
    public void EachLaunchFindsTheValuesThatWereSentBeforeIt()
    {
        using DeviceBuffer place = Device.Allocate(Count + 3), results = Device.Allocate(Sends * Count);
        Region target = new(place, 3, Count);
        using Upload upload = Device.CreateUpload(target);
        Shape shape = new(Count);
        Launch[] launches = [.. Enumerable.Range(0, Sends).Select(send =>
            Device.Bind(FusedMap.Unary<NegateFunction>(), [shape], [target], new Region(results, send * Count, Count)))];
        float[] source = new float[Count];
        for (int send = 0; send < Sends; send++)
        {
            KernelRun.Random(shape, (ulong)send).CopyTo(source, 0);
            upload.Write(source);
            launches[send].Run();
        }

        float[] before = new float[3];
        place.Read(0, before);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(before, Is.All.Zero);
            for (int send = 0; send < Sends; send++)
            {
                Assert.That(
                    new Region(results, send * Count, Count).ToArray(),
                    Is.EqualTo(KernelRun.Random(shape, (ulong)send).Select(value => -value)), $"send {send}");
            }
        }
    }

    [Test]
    public void FewerValuesLeaveTheRest()
    {
        using DeviceBuffer place = Device.Allocate(4);
        using Upload upload = Device.CreateUpload(new Region(place));
        upload.Write([1, 2, 3, 4]);
        upload.Write([5]);
        upload.Write([]);
        Assert.That(new Region(place).ToArray(), Is.EqualTo((float[])[5, 2, 3, 4]));
    }

    [Test]
    public void WhatDoesNotFitIsRefused()
    {
        using DeviceBuffer place = Device.Allocate(4);
        using Upload upload = Device.CreateUpload(new Region(place, 1, 2));
        using CpuDevice other = new(1);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => upload.Write([1, 2, 3]), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => other.CreateUpload(new Region(place)), Throws.ArgumentException.With.Message.Contains(Device.Name));
            Assert.That(new Region(place).ToArray(), Is.All.Zero);
        }
    }
}
