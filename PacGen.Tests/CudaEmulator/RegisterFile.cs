using System.Globalization;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// Where a kernel's registers, constants and special registers lie among a warp's bytes: 32 lanes of 4 or 8 bytes each, a word
/// for a predicate.
/// </summary>
internal sealed class RegisterFile
{
    private readonly Dictionary<string, (int Place, int Width)> registers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> widths = new(StringComparer.Ordinal);
    private readonly Dictionary<(ulong Bits, int Width), int> constants = [];
    private readonly Dictionary<string, int> specials = new(StringComparer.Ordinal);

    public int Bytes { get; private set; }

    /// <summary>Words of registers that were declared, for a thread.</summary>
    public int Words { get; private set; }

    public IReadOnlyDictionary<(ulong Bits, int Width), int> Constants => constants;

    public IReadOnlyDictionary<string, int> Specials => specials;

    /// <summary>Declares registers: `%r&lt;4&gt;` or single ones.</summary>
    public void Declare(string type, string names)
    {
        int width = WidthOf(type);
        foreach (string name in names.Split(',', StringSplitOptions.TrimEntries))
        {
            int bracket = name.IndexOf('<', StringComparison.Ordinal);
            if (bracket < 0)
            {
                registers.Add(name, (Take(width), width));
                Words += width / 4;
                continue;
            }

            widths[name[..bracket]] = width;
            Words += width / 4 * int.Parse(name[(bracket + 1)..^1], CultureInfo.InvariantCulture);
        }
    }

    /// <summary>The place of a register, which must have that width: 8, 4, or 0 for a predicate.</summary>
    public int? Register(string name, int width)
    {
        if (!registers.TryGetValue(name, out (int Place, int Width) found))
        {
            int digits = name.Length;
            while (digits > 0 && char.IsAsciiDigit(name[digits - 1]))
            {
                digits--;
            }

            if (digits == name.Length || !widths.TryGetValue(name[..digits], out int declared))
            {
                return null;
            }

            found = (Take(declared), declared);
            registers.Add(name, found);
        }

        return found.Width == width ? found.Place : null;
    }

    public int Constant(ulong bits, int width)
    {
        if (!constants.TryGetValue((bits, width), out int place))
        {
            constants.Add((bits, width), place = Take(width));
        }

        return place;
    }

    public int Special(string name)
    {
        if (!specials.TryGetValue(name, out int place))
        {
            specials.Add(name, place = Take(4));
        }

        return place;
    }

    public static int WidthOf(string type) => type switch
    {
        "pred" => 0,
        "b64" or "u64" or "s64" or "f64" => 8,
        _ => 4,
    };

    private int Take(int width)
    {
        int place = Bytes;
        Bytes += width == 0 ? 64 : width * Warp.Lanes;
        return place;
    }
}
