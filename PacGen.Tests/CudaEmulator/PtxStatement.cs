namespace PacGen.Tests.CudaEmulator;

/// <summary>A statement of a kernel's body: a label, a declaration or an instruction.</summary>
/// <param name="Text">Without its semicolon or colon; with single spaces.</param>
/// <param name="Line">Where it begins, from 1.</param>
/// <param name="IsLabel">Whether it is a label.</param>
internal readonly record struct PtxStatement(string Text, int Line, bool IsLabel)
{
    /// <summary>The statements of a body.</summary>
    public static IReadOnlyList<PtxStatement> Split(string body, int line)
    {
        List<PtxStatement> statements = [];
        int start = 0, first = 0;
        for (int i = 0; i < body.Length; i++)
        {
            char c = body[i];
            if (c == '\n')
            {
                line++;
            }

            if (first == 0 && !char.IsWhiteSpace(c))
            {
                first = line;
            }

            bool braces = c is '{' or '}' && string.IsNullOrWhiteSpace(body[start..i]);
            bool label = c == ':' && (i + 1 == body.Length || body[i + 1] != ':') && body[i - 1] != ':';
            if (c == ';' || label || braces)
            {
                string text = string.Join(' ', body[start..i].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
                if (text.Length > 0)
                {
                    statements.Add(new(text, first, label));
                }

                start = i + 1;
                first = 0;
            }
        }

        string rest = body[start..].Trim();
        return rest.Length == 0 ? statements : throw new EmulatedFault($"line {line}: {rest}: a semicolon is missing");
    }
}
