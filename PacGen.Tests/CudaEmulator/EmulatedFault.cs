namespace PacGen.Tests.CudaEmulator;

/// <summary>What a kernel did that a GPU, or one of its checkers, would report: where, and what is wrong.</summary>
internal sealed class EmulatedFault : Exception
{
    public EmulatedFault(string message) : base(message)
    {
    }

    public EmulatedFault(string kernel, string what, Dim3 block, Dim3 thread, int line, string instruction, nint? address = null)
        : base(
            $"{kernel}, block {block}, thread {thread}, line {line}, {instruction}: {what}" +
            (address is { } at ? $" (address 0x{at:x})" : ""))
    {
        Kernel = kernel;
        Line = line;
        Instruction = instruction;
        Address = address;
    }

    public string? Kernel { get; }

    /// <summary>The line of the PTX text, from 1.</summary>
    public int Line { get; }

    public string? Instruction { get; }

    public nint? Address { get; }
}
