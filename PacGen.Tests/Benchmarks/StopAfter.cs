namespace PacGen.Tests.Benchmarks;

/// <summary>Standard output that acts when a text first comes by.</summary>
internal sealed class StopAfter(string text, Action act) : StringWriter
{
    private bool done;

    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        if (!done && value?.Contains(text, StringComparison.Ordinal) == true)
        {
            done = true;
            act();
        }
    }
}
