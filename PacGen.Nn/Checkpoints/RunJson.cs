using System.Text.Json.Serialization;

namespace PacGen.Nn;

/// <summary>
/// How states and results are written and read: by code that is made at compile time, so that it is there in trimmed and native
/// programs.
/// </summary>
[JsonSourceGenerationOptions(
    IgnoreReadOnlyProperties = true, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(RunState))]
[JsonSerializable(typeof(EpochResult))]
[JsonSerializable(typeof(KeptTraining))]
internal sealed partial class RunJson : JsonSerializerContext;
