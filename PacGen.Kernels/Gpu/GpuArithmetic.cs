using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.OpenCL;
using ILGPU.Backends.PTX;
using ILGPU.IR;
using ILGPU.IR.Intrinsics;
using ILGPU.IR.Values;

namespace PacGen.Kernels;

/// <summary>
/// The correctly rounded operations of one float, each an intrinsic of its own: <c>.rn</c> instructions in PTX, functions with
/// an exact result in OpenCL, and on ILGPU's simulator, which runs the .NET code itself, the methods' own bodies.
/// </summary>
/// <remarks>
/// The plain operators would not do. ILGPU folds (x + c₁) + c₂ into x + (c₁ + c₂), drops x + 0, and turns c &lt; x into a
/// comparison that a NaN passes; NVIDIA's assembler fuses <c>mul.f32</c> with <c>add.f32</c>; OpenCL's division and square root
/// may err by 3 units in the last place.
/// </remarks>
internal static class GpuArithmetic
{
    [IntrinsicImplementation]
    public static float Add(float a, float b) => a + b;

    [IntrinsicImplementation]
    public static float Subtract(float a, float b) => a - b;

    [IntrinsicImplementation]
    public static float Multiply(float a, float b) => a * b;

    [IntrinsicImplementation]
    public static float Divide(float a, float b) => a / b;

    [IntrinsicImplementation]
    public static float MultiplyAdd(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    [IntrinsicImplementation]
    public static float SquareRoot(float a) => MathF.Sqrt(a);

    [IntrinsicImplementation]
    public static float Round(float a) => MathF.Round(a);

    [IntrinsicImplementation]
    public static float Less(float a, float b) => a < b ? 1f : 0f;

    [IntrinsicImplementation]
    public static float LessOrEqual(float a, float b) => a <= b ? 1f : 0f;

    [IntrinsicImplementation]
    public static float Equal(float a, float b) => a == b ? 1f : 0f;

    /// <summary>
    /// Tells a context's back ends how to write the operations. The optimization level is the one that knows kernel arguments
    /// to be global memory: the one below loads and stores through generic addresses.
    /// </summary>
    public static void Configure(Context.Builder builder)
    {
        TensorCore.Configure(builder);
        SharedTile.Configure(builder);
        IntrinsicImplementationManager manager = builder.Optimize(OptimizationLevel.O2).GetIntrinsicManager();
        foreach (MethodInfo method in typeof(GpuArithmetic).GetMethods().Where(
            method => method.IsDefined(typeof(IntrinsicImplementationAttribute))))
        {
            manager.RegisterMethod(
                method, new PTXIntrinsic(typeof(GpuArithmetic), nameof(EmitPtx), IntrinsicImplementationMode.GenerateCode));
            manager.RegisterMethod(
                method, new CLIntrinsic(typeof(GpuArithmetic), nameof(EmitOpenCl), IntrinsicImplementationMode.GenerateCode));
        }
    }

    private static string NameOf(MethodCall call) => ((MethodInfo)call.Target.Source).Name;

    private static void EmitPtx(PTXBackend backend, PTXCodeGenerator generator, Value value)
    {
        MethodCall call = (MethodCall)value;
        string instruction = NameOf(call) switch
        {
            nameof(Add) => "add.rn.f32",
            nameof(Subtract) => "sub.rn.f32",
            nameof(Multiply) => "mul.rn.f32",
            nameof(Divide) => "div.rn.f32",
            nameof(MultiplyAdd) => "fma.rn.f32",
            nameof(SquareRoot) => "sqrt.rn.f32",
            nameof(Round) => "cvt.rni.f32.f32",
            nameof(Less) => "set.lt.f32.f32",
            nameof(LessOrEqual) => "set.le.f32.f32",
            _ => "set.eq.f32.f32",
        };

        RegisterAllocator<PTXRegisterKind>.PrimitiveRegister[] arguments =
            new RegisterAllocator<PTXRegisterKind>.PrimitiveRegister[call.Count];
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = generator.LoadPrimitive(call.Nodes[i]);
        }

        // The reciprocal takes half the instructions of a quotient, and is as exact.
        if (instruction == "div.rn.f32" && call.Nodes[0].Resolve() is PrimitiveValue { Float32Value: 1f })
        {
            instruction = "rcp.rn.f32";
            arguments = arguments[1..];
        }

        RegisterAllocator<PTXRegisterKind>.HardwareRegister target = generator.AllocateHardware(value);
        using PTXCodeGenerator.CommandEmitter command = generator.BeginCommand(instruction);
        command.AppendArgument(target);
        foreach (RegisterAllocator<PTXRegisterKind>.PrimitiveRegister argument in arguments)
        {
            command.AppendArgument(argument);
        }
    }

    private static void EmitOpenCl(CLBackend backend, CLCodeGenerator generator, Value value)
    {
        MethodCall call = (MethodCall)value;
        string name = NameOf(call);

        // A float quotient or root that is rounded to double first and to float then is correctly rounded: 53 ≥ 2 · 24 + 2 bits.
        string wide = backend.Capabilities.Float64 ? "(double)" : "";
        (string before, string between, string after) = name switch
        {
            nameof(Add) => ("(", " + ", ")"),
            nameof(Subtract) => ("(", " - ", ")"),

            // a · b − 0 with one rounding is a · b, and no compiler contracts it with a sum that follows.
            nameof(Multiply) => ("fma(", ", ", ", -0.0f)"),
            nameof(Divide) => ($"(float)({wide}", $" / {wide}", ")"),
            nameof(MultiplyAdd) => ("fma(", ", ", ")"),
            nameof(SquareRoot) => ($"(float)sqrt({wide}", "", ")"),
            nameof(Round) => ("rint(", "", ")"),
            nameof(Less) => ("(", " < ", " ? 1.0f : 0.0f)"),
            nameof(LessOrEqual) => ("(", " <= ", " ? 1.0f : 0.0f)"),
            _ => ("(", " == ", " ? 1.0f : 0.0f)"),
        };

        VariableAllocator.Variable[] arguments = new VariableAllocator.Variable[call.Count];
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = generator.Load(call.Nodes[i]);
        }

        VariableAllocator.Variable target = generator.Allocate(value);
        using CLCodeGenerator.StatementEmitter statement = generator.BeginStatement(target);
        statement.AppendCommand(before);
        for (int i = 0; i < arguments.Length; i++)
        {
            if (i > 0)
            {
                statement.AppendCommand(between);
            }

            statement.Append(arguments[i]);
        }

        statement.AppendCommand(after);
    }
}
