using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Values;
using PacGen.Core.Lanes;

namespace PacGen.Kernels;

/// <summary>
/// The tensor cores' instructions of NVIDIA GPUs from compute capability 8.0 on, each an intrinsic of its own. (ILGPU's own
/// inline PTX passes results through local memory.) On a simulator with warps of 32 lanes the methods' bodies run, which say what
/// the PTX manual says; only the order of a number's products is not the manual's, as it leaves that open.
/// </summary>
internal static class TensorCore
{
    /// <summary>The first compute capability that has them.</summary>
    public const int Major = 8;

    /// <summary>
    /// A number rounded to TF32, 10 bits behind the point, ties away from zero: its bits, as <see cref="MultiplyAdd"/> takes
    /// them.
    /// </summary>
    [IntrinsicImplementation]
    public static int Round(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        return (bits & 0x7F80_0000) == 0x7F80_0000 ? bits : (bits + 0x1000) & ~0x1FFF;
    }

    /// <summary>
    /// The same in two plain instructions, with bits behind TF32's that <see cref="MultiplyAdd"/> does not see; a NaN stays one,
    /// but for one whose bits are all set, the sign among them, which no arithmetic gives.
    /// </summary>
    public static int RoundForProduct(float value)
    {
        int bits = BitConverter.SingleToInt32Bits(value);
        return IntrinsicMath.Max(bits + 0x1000, bits);
    }

    /// <summary>
    /// C + A·B of one warp, all of whose lanes call it; what a lane's numbers are says <see cref="MmaFragment"/>.
    /// </summary>
    [IntrinsicImplementation]
    public static Quad MultiplyAdd(int a0, int a1, int a2, int a3, int b0, int b1, float c0, float c1, float c2, float c3)
    {
        Quad a = new(Seen(a0), Seen(a1), Seen(a2), Seen(a3)), b = new(Seen(b0), Seen(b1), 0f, 0f);
        Quad c = new(c0, c1, c2, c3);

        // The lane's numbers of C are of rows group and group + 8, columns 2·place and 2·place + 1. The lanes of one group hold
        // those rows of A between them, two terms each; the lanes of the group that bears a column's number, that column of B.
        int group = Warp.LaneIdx / 4, place = Warp.LaneIdx % 4;
        for (int lane = 0; lane < 4; lane++)
        {
            Quad rows = Warp.Shuffle(a, (4 * group) + lane);
            Quad left = Warp.Shuffle(b, (4 * 2 * place) + lane), right = Warp.Shuffle(b, (4 * ((2 * place) + 1)) + lane);
            c.X = GpuArithmetic.MultiplyAdd(rows.X, left.X, GpuArithmetic.MultiplyAdd(rows.Z, left.Y, c.X));
            c.Y = GpuArithmetic.MultiplyAdd(rows.X, right.X, GpuArithmetic.MultiplyAdd(rows.Z, right.Y, c.Y));
            c.Z = GpuArithmetic.MultiplyAdd(rows.Y, left.X, GpuArithmetic.MultiplyAdd(rows.W, left.Y, c.Z));
            c.W = GpuArithmetic.MultiplyAdd(rows.Y, right.X, GpuArithmetic.MultiplyAdd(rows.W, right.Y, c.W));
        }

        return c;
    }

    private static float Seen(int bits) => BitConverter.Int32BitsToSingle(bits & ~0x1FFF);

    /// <summary>Two numbers rounded to bfloat16, ties to even, in one register: the second is its upper half.</summary>
    [IntrinsicImplementation]
    public static int Pack(float low, float high) =>
        (BitConverter.SingleToInt32Bits(BFloat16.Round(high)) & BFloat16.Kept)
            | ((BitConverter.SingleToInt32Bits(BFloat16.Round(low)) >> 16) & ~BFloat16.Kept);

    /// <summary>
    /// C + A·B of one warp in bfloat16, of a 16 × 16 matrix A and a 16 × 8 matrix B, mma.m16n8k16: a register holds terms 2p and
    /// 2p + 1, p the lane's place in its group of four, and those 8 further; else A, B and C are as <see cref="MmaFragment"/>
    /// says.
    /// </summary>
    [IntrinsicImplementation]
    public static Quad MultiplyAddBFloat16(
        int a0, int a1, int a2, int a3, int b0, int b1, float c0, float c1, float c2, float c3)
    {
        Quad c = MultiplyAddEightBFloat16(a0, a1, b0, c0, c1, c2, c3);
        return MultiplyAddEightBFloat16(a2, a3, b1, c.X, c.Y, c.Z, c.W);
    }

    /// <summary>The same of eight terms, mma.m16n8k8.</summary>
    [IntrinsicImplementation]
    public static Quad MultiplyAddEightBFloat16(int a0, int a1, int b0, float c0, float c1, float c2, float c3)
    {
        // The sum of eight products of 16 bits and a number hardly ever takes more than the 53 bits of a double: so it doesn't
        // matter which terms stand side by side.
        double x = c0, y = c1, z = c2, w = c3;
        int group = Warp.LaneIdx / 4, place = Warp.LaneIdx % 4;
        for (int lane = 0; lane < 4; lane++)
        {
            int upper = Warp.Shuffle(a0, (4 * group) + lane), lower = Warp.Shuffle(a1, (4 * group) + lane);
            int left = Warp.Shuffle(b0, (4 * 2 * place) + lane), right = Warp.Shuffle(b0, (4 * ((2 * place) + 1)) + lane);
            x += Products(upper, left);
            y += Products(upper, right);
            z += Products(lower, left);
            w += Products(lower, right);
        }

        return new((float)x, (float)y, (float)z, (float)w);
    }

    private static double Products(int a, int b) => ((double)High(a) * High(b)) + ((double)Low(a) * Low(b));

    private static float High(int pair) => BitConverter.Int32BitsToSingle(pair & BFloat16.Kept);

    private static float Low(int pair) => BitConverter.Int32BitsToSingle(pair << 16);

    /// <summary>Tells a context's back end for NVIDIA GPUs how to write the instructions; no other has them.</summary>
    public static void Configure(Context.Builder builder)
    {
        IntrinsicImplementationManager manager = builder.GetIntrinsicManager();
        Register(nameof(Round), nameof(EmitRound));
        Register(nameof(MultiplyAdd), nameof(EmitMultiplyAdd));
        Register(nameof(Pack), nameof(EmitPack));
        Register(nameof(MultiplyAddBFloat16), nameof(EmitMultiplyAddBFloat16));
        Register(nameof(MultiplyAddEightBFloat16), nameof(EmitMultiplyAddEightBFloat16));

        void Register(string method, string emitter) => manager.RegisterMethod(
            typeof(TensorCore).GetMethod(method)!,
            new PTXIntrinsic(typeof(TensorCore), emitter, IntrinsicImplementationMode.GenerateCode));
    }

    private static void EmitRound(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        RegisterAllocator<PTXRegisterKind>.PrimitiveRegister argument = generator.LoadPrimitive(((MethodCall)value).Nodes[0]);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand("cvt.rna.tf32.f32");
        command.AppendArgument(generator.AllocateHardware(value));
        command.AppendArgument(argument);
    }

    private static void EmitPack(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        MethodCall call = (MethodCall)value;
        RegisterAllocator<PTXRegisterKind>.PrimitiveRegister low = generator.EnsureHardwareRegister(
            generator.LoadPrimitive(call.Nodes[0]));
        RegisterAllocator<PTXRegisterKind>.PrimitiveRegister high = generator.EnsureHardwareRegister(
            generator.LoadPrimitive(call.Nodes[1]));
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand("cvt.rn.bf16x2.f32");
        command.AppendArgument(generator.AllocateHardware(value));
        command.AppendArgument(high);
        command.AppendArgument(low);
    }

    private static void EmitMultiplyAdd(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        EmitProduct(generator, (MethodCall)value, "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", 4, 2);

    private static void EmitMultiplyAddBFloat16(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        EmitProduct(generator, (MethodCall)value, "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 4, 2);

    private static void EmitMultiplyAddEightBFloat16(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        EmitProduct(generator, (MethodCall)value, "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32", 2, 1);

    // A call's arguments are so many registers of A, of B, and four of C.
    private static void EmitProduct(PTXCodeGenerator generator, MethodCall call, string instruction, int left, int right)
    {
        RegisterAllocator<PTXRegisterKind>.PrimitiveRegister[] arguments =
            new RegisterAllocator<PTXRegisterKind>.PrimitiveRegister[call.Count];
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = generator.EnsureHardwareRegister(generator.LoadPrimitive(call.Nodes[i]));
        }

        RegisterAllocator<PTXRegisterKind>.CompoundRegister target =
            (RegisterAllocator<PTXRegisterKind>.CompoundRegister)generator.Allocate(call);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand(instruction);
        command.AppendVectorArgument(target.SliceAs<RegisterAllocator<PTXRegisterKind>.PrimitiveRegister>(0, 4));
        command.AppendVectorArgument(arguments[..left]);
        command.AppendVectorArgument(arguments[left..(left + right)]);
        command.AppendVectorArgument(arguments[(left + right)..]);
    }
}
