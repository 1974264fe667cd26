namespace PacGen.Tests.Kernels;

/// <summary>What the assembler says of a kernel: registers of a thread, and bytes spilt, of stack and of shared memory.</summary>
internal readonly record struct AssembledKernel(int Registers, int Spills, int Stack, int Shared);
