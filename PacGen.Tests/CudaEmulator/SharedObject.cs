using System.Buffers.Binary;
using System.Text;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// A shared library of Linux on x64 (ELF64) without any code: it exports functions of the process that writes it, by their
/// addresses. Its symbols are absolute (SHN_ABS), which the loader gives out as they are.
/// </summary>
internal static class SharedObject
{
    private const int Header = 64, ProgramHeader = 56, Symbol = 24, DynamicEntry = 16, Page = 4096;
    private const ushort Absolute = 0xFFF1;

    // Entries of the dynamic section.
    private const long Hash = 4, Strings = 5, Symbols = 6, StringBytes = 10, SymbolBytes = 11, Name = 14;

    /// <summary>The library's file.</summary>
    /// <param name="name">The name that it is known by once it is loaded (SONAME).</param>
    /// <param name="functions">What it exports.</param>
    public static byte[] Write(string name, IReadOnlyCollection<KeyValuePair<string, nint>> functions)
    {
        // Header, program headers, dynamic section, symbols, their hash table, their names.
        const int Segments = 3, Entries = 7;
        int dynamicAt = Header + (Segments * ProgramHeader);
        int symbolsAt = dynamicAt + (Entries * DynamicEntry);
        int hashAt = symbolsAt + ((functions.Count + 1) * Symbol);
        int stringsAt = hashAt + (sizeof(int) * (2 + 1 + functions.Count + 1));
        MemoryStream strings = new();
        strings.WriteByte(0);
        int nameAt = Append(strings, name);
        int[] names = [.. functions.Select(function => Append(strings, function.Key))];
        byte[] file = new byte[stringsAt + strings.Length];
        strings.ToArray().CopyTo(file, stringsAt);

        // 64-bit, little endian, a shared object for x86-64.
        "\x7F"u8.CopyTo(file);
        "ELF\x2\x1\x1"u8.CopyTo(file.AsSpan(1));
        Put16(file, 16, 3);
        Put16(file, 18, 62);
        Put32(file, 20, 1);
        Put64(file, 32, Header);
        Put16(file, 52, Header);
        Put16(file, 54, ProgramHeader);
        Put16(file, 56, Segments);
        Put16(file, 58, 64);

        // All of it is loaded, to be read and written, for the loader adds its base to the dynamic section's addresses. The last
        // says that the stack needs not be executable.
        PutSegment(file, 0, type: 1, flags: 6, 0, file.Length, Page);
        PutSegment(file, 1, type: 2, flags: 6, dynamicAt, Entries * DynamicEntry, 8);
        PutSegment(file, 2, type: 0x6474E551, flags: 6, 0, 0, 16);
        (long Tag, long Value)[] dynamic =
        [
            (Name, nameAt), (Hash, hashAt), (Strings, stringsAt), (Symbols, symbolsAt), (StringBytes, strings.Length),
            (SymbolBytes, Symbol), (0, 0),
        ];
        for (int i = 0; i < dynamic.Length; i++)
        {
            Put64(file, dynamicAt + (i * DynamicEntry), dynamic[i].Tag);
            Put64(file, dynamicAt + (i * DynamicEntry) + 8, dynamic[i].Value);
        }

        // One bucket: a chain of all symbols.
        Put32(file, hashAt, 1);
        Put32(file, hashAt + 4, functions.Count + 1);
        int index = 0;
        foreach ((_, nint address) in functions)
        {
            // A global function.
            int at = symbolsAt + (++index * Symbol);
            Put32(file, at, names[index - 1]);
            file[at + 4] = 0x12;
            Put16(file, at + 6, Absolute);
            Put64(file, at + 8, address);
            Put32(file, index == 1 ? hashAt + 8 : hashAt + 12 + (4 * (index - 1)), index);
        }

        return file;
    }

    private static void PutSegment(byte[] file, int index, int type, int flags, int at, int bytes, int alignment)
    {
        int header = Header + (index * ProgramHeader);
        Put32(file, header, type);
        Put32(file, header + 4, flags);
        for (int address = 8; address <= 24; address += 8)
        {
            Put64(file, header + address, at);
        }

        Put64(file, header + 32, bytes);
        Put64(file, header + 40, bytes);
        Put64(file, header + 48, alignment);
    }

    private static int Append(MemoryStream strings, string text)
    {
        int at = (int)strings.Length;
        strings.Write(Encoding.ASCII.GetBytes(text));
        strings.WriteByte(0);
        return at;
    }

    private static void Put16(byte[] file, int at, ushort value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan(at), value);

    private static void Put32(byte[] file, int at, int value) => BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), value);

    private static void Put64(byte[] file, int at, long value) => BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at), value);
}
