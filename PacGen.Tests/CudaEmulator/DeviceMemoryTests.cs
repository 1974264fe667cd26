namespace PacGen.Tests.CudaEmulator;

internal sealed unsafe class DeviceMemoryTests
{
    [Test]
    public void AnAllocationIsItsBytesAndNoMore()
    {
        using DeviceMemory memory = new();
        nint a = memory.Allocate(100), b = memory.Allocate(8);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(memory.Find(a + 99), Is.EqualTo((a, 100L)));
            Assert.That(memory.Find(a + 100), Is.EqualTo(((nint)0, 0L)));
            Assert.That(memory.Find(a - 1), Is.EqualTo(((nint)0, 0L)));
            Assert.That(memory.Contains(b, 8));
            Assert.That(memory.Contains(b + 1, 8), Is.False);
            Assert.That(memory.AllocatedBytes, Is.EqualTo(108));
            Assert.That((int)(a % 256), Is.Zero);
            Assert.That(*(float*)a, Is.NaN, "what was never written");
            Assert.That(memory.Describe(b + 8), Does.StartWith("0 bytes behind allocation 2, of 8 bytes"));
        }
    }

    [Test]
    public void FreedMemoryIsNotGivenOutAtOnce()
    {
        using DeviceMemory memory = new();
        nint a = memory.Allocate(64);
        memory.Free(a);
        nint b = memory.Allocate(64);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(b, Is.Not.EqualTo(a));
            Assert.That(memory.Contains(a, 1), Is.False);
            Assert.That(memory.Describe(a + 4), Does.StartWith("4 bytes into allocation 1").And.EndsWith("which was freed"));
            Assert.That(() => memory.Free(a), Throws.ArgumentException);
            Assert.That(() => memory.Free(b + 4), Throws.ArgumentException);
        }
    }

    [Test]
    public void ThereIsAsMuchAsWasSaid()
    {
        using DeviceMemory memory = new(1000);
        nint a = memory.Allocate(900);
        Assert.That(() => memory.Allocate(101), Throws.InstanceOf<OutOfMemoryException>());
        memory.AllocateHost(101);
        memory.Free(a);
        memory.Allocate(1000);
    }

    [Test]
    public void RegisteredMemoryOfTheHostIsKnown()
    {
        using DeviceMemory memory = new();
        byte* bytes = stackalloc byte[64];
        memory.Register((nint)bytes, 64);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(memory.Contains((nint)bytes + 60, 4));
            Assert.That(memory.IsDevice((nint)bytes), Is.False);
            Assert.That(() => memory.Register((nint)bytes + 32, 64), Throws.InvalidOperationException);
            Assert.That(() => memory.Free((nint)bytes), Throws.ArgumentException);
        }

        memory.Unregister((nint)bytes);
        Assert.That(memory.IsKnown((nint)bytes), Is.False);
    }
}
