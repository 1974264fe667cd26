using System.Globalization;
using System.Runtime.InteropServices;

namespace PacGen.Tests;

/// <summary>The limit itself: a process that takes more must fail, or tests under it prove nothing.</summary>
internal sealed class LimitedProcessTests
{
    [Test]
    public void GivesWhatTheMethodWrites() => Assert.That(LimitedProcess.Run(64, Echo, "a", "b c"), Is.EqualTo("a|b c"));

    /// <summary>
    /// With an array of the runtime's, and with memory of the system's own; else what native libraries take would go unseen.
    /// </summary>
    [Test]
    public void AMethodThatTakesTooMuchFails([Values] bool native)
    {
        (int exitCode, string output, string error) = LimitedProcess.Start(64, native ? TakeNative : Take, "200");
        if (native)
        {
            Assert.That(exitCode, Is.Zero, error);
            Assert.That(
                int.Parse(output.Split(' ')[^1], CultureInfo.InvariantCulture), Is.EqualTo(200).Within(20),
                "MB by which the peak grew: more than Run allows");
        }
        else
        {
            Assert.That(exitCode, Is.Not.Zero);
            Assert.That(error, Does.Contain(nameof(OutOfMemoryException)).And.Contains(nameof(Take)));
        }
    }

    private static unsafe void TakeNative(string[] arguments)
    {
        nuint size = nuint.Parse(arguments[0], CultureInfo.InvariantCulture) << 20;
        void* taken = NativeMemory.Alloc(size);
        NativeMemory.Fill(taken, size, 1);
        NativeMemory.Free(taken);
    }

    private static void Echo(string[] arguments) => Console.WriteLine(string.Join('|', arguments));

    private static void Take(string[] arguments)
    {
        byte[] taken = new byte[int.Parse(arguments[0], CultureInfo.InvariantCulture) << 20];
        taken.AsSpan().Fill(1);
        Console.WriteLine(taken[^1]);
    }
}
