using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

[TestFixtureSource(typeof(DeviceFixture), nameof(GpuIds))]
internal sealed class CopyLaunchTests(string id) : DeviceFixture(id)
{
    private GpuDevice Gpu => (GpuDevice)Device;

    [Test]
    public void MovesARegionAndNothingElse([Values(1, 63, 1000)] int count)
    {
        float[] values = [.. Enumerable.Range(0, count + 5).Select(i => i + 0.5f)], before = [
            .. Enumerable.Repeat(-1f, count + 7)];
        using DeviceBuffer source = Gpu.Allocate(values.Length), destination = Gpu.Allocate(before.Length);
        source.Write(0, values);
        destination.Write(0, before);
        using CopyLaunch copy = CopyLaunch.Create(Gpu, new Region(source, 5, count), new Region(destination, 3, count));
        copy.Run();
        Gpu.Synchronize();
        Assert.That(new Region(destination).ToArray(), Is.EqualTo((float[])[.. before[..3], .. values[5..], .. before[..4]]));
    }

    [Test]
    public void WhatCannotBeCopiedIsRefused()
    {
        using DeviceBuffer one = Gpu.Allocate(10), other = Gpu.Allocate(10), host = Device.Cpu.Allocate(10);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(
                () => CopyLaunch.Create(Gpu, new Region(one), new Region(other, 0, 9)),
                Throws.ArgumentException.With.Message.Contains("10 floats"));
            Assert.That(
                () => CopyLaunch.Create(Gpu, new Region(one, 0, 6), new Region(one, 5, 6)),
                Throws.ArgumentException.With.Message.Contains("overlaps"));
            Assert.That(
                () => CopyLaunch.Create(Gpu, new Region(one), new Region(host)),
                Throws.ArgumentException.With.Message.Contains("CPU"));
            Assert.That(() => CopyLaunch.Create(Gpu, new Region(one, 0, 5), new Region(one, 5, 5)), Throws.Nothing);
        }
    }
}
