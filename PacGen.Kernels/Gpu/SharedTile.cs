using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Types;
using ILGPU.IR.Values;

namespace PacGen.Kernels;

/// <summary>
/// Loads from shared memory a constant way behind an index, and copies into it that a thread doesn't wait for: instructions of
/// NVIDIA GPUs, each an intrinsic of its own. (ILGPU computes every index in registers, where the instructions add a constant
/// for nothing.) Elsewhere the methods' bodies run.
/// </summary>
internal static class SharedTile
{
    /// <summary>Loads four floats that begin a constant number of floats behind a place, a multiple of 4.</summary>
    [IntrinsicImplementation]
    public static Quad Load(ref float shared, int offset) => Unsafe.As<float, Quad>(ref Unsafe.Add(ref shared, offset));

    /// <summary>Loads two floats that begin a constant number of floats behind a place, a multiple of 2.</summary>
    [IntrinsicImplementation]
    public static Pair LoadPair(ref float shared, int offset) =>
        Unsafe.As<float, Pair>(ref Unsafe.Add(ref shared, offset));

    /// <summary>Loads a float a constant number of floats behind a place.</summary>
    [IntrinsicImplementation]
    public static float LoadOne(ref float shared, int offset) => Unsafe.Add(ref shared, offset);

    /// <summary>
    /// Loads, by a warp, four matrices of 8 rows of 4 floats: lane l of matrix l / 8 says where row l % 8 begins, a multiple of
    /// 4, and gets of each matrix float l % 4 of row l / 4.
    /// </summary>
    [IntrinsicImplementation]
    public static Quad LoadMatrices(ref float shared, int offset)
    {
        Quad row = Load(ref shared, offset);
        int lane = Warp.LaneIdx / 4, column = Warp.LaneIdx % 4;
        return new(
            Column(Warp.Shuffle(row, lane), column), Column(Warp.Shuffle(row, 8 + lane), column),
            Column(Warp.Shuffle(row, 16 + lane), column), Column(Warp.Shuffle(row, 24 + lane), column));
    }

    /// <summary>
    /// The same of matrices of 8 rows of 8 numbers in bfloat16, transposed: the lane gets of each numbers 2·(l % 4) and
    /// 2·(l % 4) + 1 of column l / 4, the first in the lower half.
    /// </summary>
    [IntrinsicImplementation]
    public static Quad LoadTransposed(ref float shared, int offset)
    {
        Quad row = Load(ref shared, offset);
        int column = Warp.LaneIdx / 4, first = 2 * (Warp.LaneIdx % 4);
        return new(
            Halves(Warp.Shuffle(row, first), Warp.Shuffle(row, first + 1), column),
            Halves(Warp.Shuffle(row, 8 + first), Warp.Shuffle(row, 9 + first), column),
            Halves(Warp.Shuffle(row, 16 + first), Warp.Shuffle(row, 17 + first), column),
            Halves(Warp.Shuffle(row, 24 + first), Warp.Shuffle(row, 25 + first), column));
    }

    private static float Halves(Quad first, Quad second, int column)
    {
        int shift = 16 * (column % 2);
        int low = BitConverter.SingleToInt32Bits(Column(first, column / 2)) >> shift;
        int high = BitConverter.SingleToInt32Bits(Column(second, column / 2)) >> shift;
        return BitConverter.Int32BitsToSingle((low & 0xFFFF) | (high << 16));
    }

    private static float Column(Quad row, int column) =>
        column == 0 ? row.X : column == 1 ? row.Y : column == 2 ? row.Z : row.W;

    /// <summary>
    /// Begins to copy four floats from global memory to a constant number of floats behind a place in shared memory, or to fill
    /// with 0: bytes is 16 or 0. Both places are multiples of 4.
    /// </summary>
    [IntrinsicImplementation]
    public static void CopyQuad(ref float shared, int offset, ref float memory, int bytes) =>
        Unsafe.As<float, Quad>(ref Unsafe.Add(ref shared, offset)) = bytes == 0 ? default : Unsafe.As<float, Quad>(ref memory);

    /// <summary>
    /// Begins to copy a float to a constant number of floats behind a place, or to write 0: bytes is 4 or 0.
    /// </summary>
    [IntrinsicImplementation]
    public static void CopyOne(ref float shared, int offset, ref float memory, int bytes) =>
        Unsafe.Add(ref shared, offset) = bytes == 0 ? 0f : memory;

    /// <summary>Ends a group of the thread's copies.</summary>
    [IntrinsicImplementation]
    public static void Commit()
    {
    }

    /// <summary>Waits until at most so many, a constant, of the thread's groups are on their way.</summary>
    [IntrinsicImplementation]
    public static void Wait(int groups) => _ = groups;

    /// <summary>Tells a context's back ends how to write the instructions.</summary>
    public static void Configure(Context.Builder builder)
    {
        IntrinsicImplementationManager manager = builder.GetIntrinsicManager();
        Register(nameof(Load), nameof(EmitLoad));
        Register(nameof(LoadPair), nameof(EmitLoadPair));
        Register(nameof(LoadOne), nameof(EmitLoadOne));
        Register(nameof(LoadMatrices), nameof(EmitLoadMatrices));
        Register(nameof(LoadTransposed), nameof(EmitLoadTransposed));
        Register(nameof(CopyQuad), nameof(EmitCopyQuad));
        Register(nameof(CopyOne), nameof(EmitCopyOne));
        Register(nameof(Commit), nameof(EmitCommit));
        Register(nameof(Wait), nameof(EmitWait));
        manager.RegisterMethod(
            typeof(SharedTile).GetMethod(nameof(Load))!,
            new CLIntrinsic(typeof(SharedTile), nameof(EmitOpenClLoad), IntrinsicImplementationMode.GenerateCode));
        void Register(string method, string emitter) => manager.RegisterMethod(
            typeof(SharedTile).GetMethod(method)!,
            new PTXIntrinsic(typeof(SharedTile), emitter, IntrinsicImplementationMode.GenerateCode));
    }

    private static void EmitLoad(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        EmitVectorLoad(generator, value, "ld.shared.v4.f32", 4);

    private static void EmitLoadPair(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        EmitVectorLoad(generator, value, "ld.shared.v2.f32", 2);

    private static void EmitLoadMatrices(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        EmitVectorLoad(generator, value, "ldmatrix.sync.aligned.m8n8.x4.shared.b16", 4);

    private static void EmitLoadTransposed(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        EmitVectorLoad(generator, value, "ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16", 4);

    private static void EmitVectorLoad(PTXCodeGenerator generator, Value value, string instruction, int count)
    {
        MethodCall call = (MethodCall)value;
        RegisterAllocator<PTXRegisterKind>.HardwareRegister address = Address(
            generator, call.Nodes[0], MemoryAddressSpace.Shared, "shared");
        RegisterAllocator<PTXRegisterKind>.CompoundRegister target =
            (RegisterAllocator<PTXRegisterKind>.CompoundRegister)generator.Allocate(value);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand(instruction);
        command.AppendVectorArgument(target.SliceAs<RegisterAllocator<PTXRegisterKind>.PrimitiveRegister>(0, count));
        command.AppendArgumentValue(address, sizeof(float) * call.Nodes[1].ResolveAs<PrimitiveValue>()!.Int32Value);
    }

    private static void EmitLoadOne(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        MethodCall call = (MethodCall)value;
        RegisterAllocator<PTXRegisterKind>.HardwareRegister address = Address(
            generator, call.Nodes[0], MemoryAddressSpace.Shared, "shared");
        RegisterAllocator<PTXRegisterKind>.HardwareRegister target = generator.AllocateHardware(value);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand("ld.shared.f32");
        command.AppendArgument(target);
        command.AppendArgumentValue(address, sizeof(float) * call.Nodes[1].ResolveAs<PrimitiveValue>()!.Int32Value);
    }

    private static void EmitOpenClLoad(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        MethodCall call = (MethodCall)value;
        VariableAllocator.Variable place = generator.Load(call.Nodes[0]);
        int offset = call.Nodes[1].ResolveAs<PrimitiveValue>()!.Int32Value;
        VariableAllocator.Variable target = generator.Allocate(value);
        generator.Declare(target);
        for (int i = 0; i < Quad.Count; i++)
        {
            using CLCodeGenerator.StatementEmitter statement = generator.BeginStatement(target, new FieldAccess(i));
            statement.Append(place);
            statement.AppendIndexer(FormattableString.Invariant($"{offset + i}"));
        }
    }

    private static void EmitCopyQuad(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        EmitCopy(generator, (MethodCall)value, "cp.async.cg.shared.global", 16);

    private static void EmitCopyOne(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        EmitCopy(generator, (MethodCall)value, "cp.async.ca.shared.global", 4);

    private static void EmitCopy(PTXCodeGenerator generator, MethodCall call, string instruction, int bytes)
    {
        RegisterAllocator<PTXRegisterKind>.HardwareRegister to = Address(
            generator, call.Nodes[0], MemoryAddressSpace.Shared, "shared");
        RegisterAllocator<PTXRegisterKind>.HardwareRegister from = Address(
            generator, call.Nodes[^2], MemoryAddressSpace.Global, "global");
        RegisterAllocator<PTXRegisterKind>.PrimitiveRegister count = generator.LoadPrimitive(call.Nodes[^1]);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand(instruction);
        command.AppendArgumentValue(to, sizeof(float) * call.Nodes[1].ResolveAs<PrimitiveValue>()!.Int32Value);
        command.AppendArgumentValue(from);
        command.AppendConstant((long)bytes);
        command.AppendArgument(count);
    }

    private static void EmitCommit(PTXBackend backend, PTXCodeGenerator generator, Value value) =>
        generator.Command("cp.async.commit_group");

    private static void EmitWait(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand("cp.async.wait_group");
        command.AppendConstant((long)((MethodCall)value).Nodes[0].ResolveAs<PrimitiveValue>()!.Int32Value);
    }

    // A place's address in the window of an address space.
    private static RegisterAllocator<PTXRegisterKind>.HardwareRegister Address(
        PTXCodeGenerator generator, ValueReference place, MemoryAddressSpace space, string name)
    {
        if (place.Resolve() is AddressSpaceCast cast && ((AddressSpaceType)cast.Value.Type).AddressSpace == space)
        {
            return generator.LoadHardware(cast.Value);
        }

        RegisterAllocator<PTXRegisterKind>.HardwareRegister address = generator.LoadHardware(place);
        if (((AddressSpaceType)place.Type).AddressSpace == space)
        {
            return address;
        }

        RegisterAllocator<PTXRegisterKind>.HardwareRegister inside = generator.AllocateRegister(
            BasicValueType.Int64, PTXRegisterKind.Int64);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand($"cvta.to.{name}.u64");
        command.AppendArgument(inside);
        command.AppendArgument(address);
        return inside;
    }
}
