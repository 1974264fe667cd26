using System.Runtime.InteropServices;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// A small kernel by hand. Its text finds %rd1, the address of its input, %rd2, that of its output, both of words, and %r1, the
/// thread's number in the block; %rd3 and %rd4 are the addresses of this thread's word in each.
/// </summary>
internal static unsafe class PtxProgram
{
    public const int FirstLine = 22;

    public static string Text(string body, string declarations = "", string ofModule = "") =>
        $$"""
        .version 7.0
        .target sm_80
        .address_size 64
        {{ofModule}} .visible .entry program(.param .u64 input, .param .u64 output)
        {
        .reg .pred %p<20>;
        .reg .b32 %r<40>;
        .reg .b64 %rd<20>;
        .reg .f32 %f<40>;
        .reg .f64 %fd<20>;
        {{declarations}}
        ld.param.u64 %rd1, [input];
        ld.param.u64 %rd2, [output];
        cvta.to.global.u64 %rd1, %rd1;
        cvta.to.global.u64 %rd2, %rd2;
        mov.u32 %r1, %tid.x;
        mul.wide.u32 %rd5, %r1, 4;
        add.u64 %rd3, %rd1, %rd5;
        add.u64 %rd4, %rd2, %rd5;

        // The first line of what is tested.
        {{body}}
        ret;
        }
        """;

    /// <summary>Runs it and returns the output.</summary>
    public static uint[] Run(
        string body, uint[] input, int output, int threads = 32, string declarations = "", RunOptions? options = null,
        int blocks = 1, int dynamicBytes = 0, string ofModule = "")
    {
        using DeviceMemory memory = new();
        nint from = memory.Allocate(4 * Math.Max(1, input.Length)), to = memory.Allocate(4 * output);
        input.CopyTo(new Span<uint>((void*)from, input.Length));
        new Span<uint>((void*)to, output).Clear();
        ReadOnlySpan<nint> parameters = [from, to];
        PtxModule.Parse(Text(body, declarations, ofModule))["program"].Run(
            new Dim3(blocks), new Dim3(threads), dynamicBytes, MemoryMarshal.AsBytes(parameters), memory, options);
        return new Span<uint>((void*)to, output).ToArray();
    }

    public static uint Bits(float value) => BitConverter.SingleToUInt32Bits(value);

    public static float Single(uint bits) => BitConverter.UInt32BitsToSingle(bits);
}
