using System.Globalization;
using System.Text.RegularExpressions;

namespace PacGen.Tests.CudaEmulator;

/// <summary>A PTX text, read. Functions that aren't kernels are passed over: calls are refused.</summary>
internal sealed partial class PtxModule
{
    private readonly Dictionary<string, PtxKernel> kernels = new(StringComparer.Ordinal);

    private PtxModule(string text)
    {
        string code = Comment().Replace(text, match => Regex.Replace(match.Value, "[^\n]", " "));
        Dictionary<string, int> dynamic = new(StringComparer.Ordinal);
        int at = 0;
        while (Skip(code, ref at))
        {
            Match word = Word().Match(code, at);
            switch (word.Value)
            {
                case ".version" or ".target" or ".address_size":
                    at = End(code, at, '\n');
                    break;
                case ".visible" or ".weak":
                    at += word.Length;
                    break;
                case ".extern" when code.AsSpan(at, Math.Min(100, code.Length - at)).Contains(
                    ".shared", StringComparison.Ordinal):
                    int end = End(code, at, ';');
                    Match declared = DynamicShared().Match(code[at..end]);
                    dynamic.Add(
                        declared.Groups[2].Value,
                        declared.Groups[1].Success ? int.Parse(declared.Groups[1].Value, CultureInfo.InvariantCulture) : 1);
                    at = end;
                    break;
                case ".extern":
                    at = End(code, at, ';');
                    break;
                case ".func":
                    at = Math.Min(End(code, at, '{'), End(code, at, ';'));
                    at = code[at - 1] == '{' ? Body(code, at) : at;
                    break;
                case ".entry":
                    int open = End(code, at, '{'), close = Body(code, open);
                    Match head = Entry().Match(code[at..open]);
                    if (!head.Success)
                    {
                        throw new EmulatedFault($"line {LineOf(code, at)}: no head of a kernel that is known");
                    }

                    PtxKernel kernel = new(
                        head.Groups[1].Value, head.Groups[2].Value, head.Groups[3].Value,
                        PtxStatement.Split(code[open..(close - 1)], LineOf(code, open)), dynamic);
                    kernels.Add(kernel.Name, kernel);
                    at = close;
                    break;
                default:
                    throw new EmulatedFault(
                        $"line {LineOf(code, at)}: {code[at..End(code, at, '\n')].Trim()}: this is not emulated");
            }
        }
    }

    /// <summary>Reads a text.</summary>
    /// <exception cref="EmulatedFault">An instruction that isn't emulated, or no PTX; the message names the line.</exception>
    public static PtxModule Parse(string text) => new(text);

    /// <exception cref="KeyNotFoundException">There is no such kernel.</exception>
    public PtxKernel this[string name] => kernels[name];

    /// <summary>Its kernels (.entry).</summary>
    public IReadOnlyList<PtxKernel> Kernels => [.. kernels.Values];

    private static int LineOf(string code, int at) => code.AsSpan(0, at).Count('\n') + 1;

    private static bool Skip(string code, ref int at)
    {
        while (at < code.Length && (char.IsWhiteSpace(code[at]) || code[at] == ';'))
        {
            at++;
        }

        return at < code.Length;
    }

    // Behind the next character of that kind.
    private static int End(string code, int at, char last)
    {
        int found = code.IndexOf(last, at);
        return found < 0 ? code.Length : found + 1;
    }

    // Behind the brace that closes the one before.
    private static int Body(string code, int at)
    {
        for (int depth = 1; depth > 0; at++)
        {
            if (at >= code.Length)
            {
                throw new EmulatedFault($"line {LineOf(code, code.Length - 1)}: the text ends within a body");
            }

            depth += code[at] == '{' ? 1 : code[at] == '}' ? -1 : 0;
        }

        return at;
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"\G[^\s(]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?:\.align\s+(\d+)\s+)?\.[busf]\d+\s+([\w$.%]+)\s*\[\s*\]")]
    private static partial Regex DynamicShared();

    [GeneratedRegex(@"^\.entry\s+([\w$.]+)\s*(?:\(([^)]*)\))?([^{]*)\{$")]
    private static partial Regex Entry();
}
