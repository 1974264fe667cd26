using System.Runtime.InteropServices;

namespace PacGen.Tests.CudaEmulator;

[Platform("Linux")]
internal sealed unsafe class SharedObjectTests
{
    [Test]
    public void AFunctionOfTheProcessIsFoundByTheLibrarysName()
    {
        Assume.That(RuntimeInformation.ProcessArchitecture, Is.EqualTo(Architecture.X64));
        Dictionary<string, nint> functions = [];
        for (int i = 0; i < 100; i++)
        {
            functions[$"unused{i}"] = 0x1000 + i;
        }

        functions["twice"] = (nint)(delegate* unmanaged<int, int>)&Twice;
        functions["half"] = (nint)(delegate* unmanaged<int, int>)&Half;
        EmulatedDriver.LoadLibrary("libpacgen-shared-object-test.so.7", functions);
        nint library = NativeLibrary.Load("libpacgen-shared-object-test.so.7");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Call("twice", 21), Is.EqualTo(42));
            Assert.That(Call("half", 42), Is.EqualTo(21));
            Assert.That(NativeLibrary.GetExport(library, "unused42"), Is.EqualTo((nint)0x1000 + 42));
            Assert.That(NativeLibrary.TryGetExport(library, "thrice", out _), Is.False);
        }

        int Call(string name, int value) =>
            ((delegate* unmanaged<int, int>)NativeLibrary.GetExport(library, name))(value);
    }

    [UnmanagedCallersOnly]
    private static int Twice(int value) => 2 * value;

    [UnmanagedCallersOnly]
    private static int Half(int value) => value / 2;
}
