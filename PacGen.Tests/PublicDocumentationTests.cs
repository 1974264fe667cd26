using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using PacGen.Core.Bounds;

namespace PacGen.Tests;

/// <summary>
/// What a public member's documentation must say: what each argument is, and the exceptions that its own code throws for a bad
/// one. The build's XML files are held against the built code.
/// </summary>
internal sealed class PublicDocumentationTests
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields()
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>What a summary may begin with that ends as a verb does.</summary>
    private static readonly HashSet<string> PluralNouns =
        ["As", "Batches", "Elements", "Images", "Its", "Labels", "Settings", "Tensors", "This", "Uniforms", "Values"];

    /// <summary>At least so many members are looked at, so that the test can't pass by finding none.</summary>
    [TestCase("PacGen.Core", 60)]
    [TestCase("PacGen.Kernels", 10)]
    [TestCase("PacGen.Nn", 50)]
    public void WhoThrowsForABadArgumentSaysSo(string assembly, int least)
    {
        Dictionary<string, XElement[]> documented = Read(assembly);
        MethodBase[] throwing = [.. Offered(assembly).Where(ThrowsForAnArgument)];
        Assert.Multiple(() =>
        {
            Assert.That(throwing, Has.Length.GreaterThanOrEqualTo(least));
            Assert.That(
                string.Join('\n', throwing.Where(one => !Says(documented, one, "exception", 1)).Select(Name).Distinct().Order()),
                Is.Empty);
        });
    }

    /// <summary>Methods and constructors say what each argument is: a symbol, a shape, a range.</summary>
    [TestCase("PacGen.Core", "PacGen.Core.Bounds", 60)]
    [TestCase("PacGen.Core", "PacGen.Core.Statistics", 10)]
    [TestCase("PacGen.Core", "PacGen.Core.Perturbation", 20)]
    [TestCase("PacGen.Core", "PacGen.Core.Randomness", 5)]
    [TestCase("PacGen.Core", "PacGen.Core.Optimization", 5)]
    [TestCase("PacGen.Kernels", "PacGen.Kernels", 60)]
    [TestCase("PacGen.Nn", "PacGen.Nn", 200)]
    public void ArgumentsAreExplained(string assembly, string within, int least)
    {
        Dictionary<string, XElement[]> documented = Read(assembly);
        MethodBase[] methods = [.. Offered(assembly).Where(one => one.DeclaringType!.Namespace == within
            && (one.IsConstructor || !one.IsSpecialName) && one.GetParameters().Length > 0)];
        Assert.Multiple(() =>
        {
            Assert.That(methods, Has.Length.GreaterThanOrEqualTo(least));
            Assert.That(
                string.Join('\n', methods.Where(one => !Says(documented, one, "param", one.GetParameters().Length))
                    .Select(Name).Distinct().Order()),
                Is.Empty);
        });
    }

    /// <summary>
    /// Methods that give something say what: the summary is its name, such as "The shape of the output", or, where it says what
    /// the method does, there are words on what it returns.
    /// </summary>
    [TestCase("PacGen.Core", 200)]
    [TestCase("PacGen.Kernels", 60)]
    [TestCase("PacGen.Nn", 200)]
    public void WhatIsReturnedIsExplained(string assembly, int least)
    {
        Dictionary<string, XElement[]> documented = Read(assembly);
        MethodInfo[] methods =
            [.. Offered(assembly).OfType<MethodInfo>().Where(one => !one.IsSpecialName && one.ReturnType != typeof(void))];
        Assert.Multiple(() =>
        {
            Assert.That(methods, Has.Length.GreaterThanOrEqualTo(least));
            Assert.That(
                string.Join('\n', methods.Where(one => !Says(documented, one, "returns", 1) && !NamesAValue(documented, one))
                    .Select(Name).Distinct().Order()),
                Is.Empty);
        });
    }

    /// <summary>A method that throws, one that calls what throws, and one that does neither are told apart.</summary>
    [Test]
    public void AThrowIsSeen()
    {
        Assert.Multiple(() =>
        {
            Assert.That(ThrowsForAnArgument(typeof(PriorScaleGrid).GetMethod("Scale")!), Is.True);
            Assert.That(ThrowsForAnArgument(typeof(McAllester).GetMethod("Bound")!), Is.True);
            Assert.That(ThrowsForAnArgument(typeof(BoundResult).GetMethod("Term")!), Is.False);
        });
    }

    /// <summary>The elements of each member, by its name without the parameters' types; overloads follow each other.</summary>
    private static Dictionary<string, XElement[]> Read(string assembly) =>
        XDocument.Load(Path.Combine(AppContext.BaseDirectory, $"{assembly}.xml")).Descendants("member")
            .GroupBy(member => member.Attribute("name")!.Value.Split('(')[0].Split("``")[0])
            .ToDictionary(group => group.Key, group => group.ToArray());

    /// <summary>Methods, constructors and setters that a user can call, but for those the compiler made.</summary>
    private static IEnumerable<MethodBase> Offered(string assembly) => Assembly.Load(assembly).GetExportedTypes()
        .Where(type => !type.IsEnum && !type.IsInterface && !type.IsSubclassOf(typeof(Delegate))
            && !type.IsSubclassOf(typeof(Exception)))
        .SelectMany(type => type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared)))
        .Where(one => !one.IsDefined(typeof(CompilerGeneratedAttribute)) && !IsOverride(one) && one.Name != "Deconstruct");

    private static bool IsOverride(MethodBase one) => one is MethodInfo method && method.GetBaseDefinition() != method;

    /// <summary>
    /// Whether some overload with so many parameters has so many of the elements, or takes its documentation from elsewhere; a
    /// setter's are the property's; what a record's constructor throws may stand at its properties.
    /// </summary>
    private static bool Says(Dictionary<string, XElement[]> documented, MethodBase one, string element, int count)
    {
        string type = one.DeclaringType!.FullName!.Replace('+', '.');
        string name = one.IsConstructor ? $"M:{type}.#ctor"
            : one.IsSpecialName && one.Name.StartsWith("set_", StringComparison.Ordinal) ? $"P:{type}.{one.Name[4..]}"
            : $"M:{type}.{one.Name}";
        IEnumerable<XElement> members = documented.GetValueOrDefault(name, []).Where(
            member => name[0] == 'P' || Count(member.Attribute("name")!.Value) == one.GetParameters().Length);
        if (one.IsConstructor && element == "exception")
        {
            members = members.Concat(one.DeclaringType.GetProperties().SelectMany(
                property => documented.GetValueOrDefault($"P:{type}.{property.Name}", [])));
        }

        return members.Any(member => member.Descendants("inheritdoc").Any() || member.Elements(element).Count() >= count);
    }

    /// <summary>Whether a method's summary begins with a noun, not with a verb, such as <c>Reads</c>.</summary>
    private static bool NamesAValue(Dictionary<string, XElement[]> documented, MethodInfo one) =>
        documented.GetValueOrDefault($"M:{one.DeclaringType!.FullName!.Replace('+', '.')}.{one.Name}", [])
            .Where(member => Count(member.Attribute("name")!.Value) == one.GetParameters().Length)
            .Select(member => member.Element("summary")?.Value.Trim().Split([' ', '\n', '.'])[0] ?? "Says")
            .DefaultIfEmpty("Says")
            .All(word => !word.EndsWith('s') || !char.IsAsciiLetterUpper(word[0]) || !word.All(char.IsAsciiLetter)
                || PluralNouns.Contains(word));

    /// <summary>How many parameters a member's name in an XML file has.</summary>
    private static int Count(string name)
    {
        int start = name.IndexOf('('), depth = 0, count = start < 0 ? 0 : 1;
        foreach (char letter in start < 0 ? "" : name[(start + 1)..])
        {
            depth += letter is '{' or '[' ? 1 : letter is '}' or ']' ? -1 : 0;
            count += letter == ',' && depth == 0 ? 1 : 0;
        }

        return count;
    }

    /// <summary>
    /// Whether its own code makes an ArgumentException, or calls what is there to throw one. A null argument's exception needs no
    /// word.
    /// </summary>
    private static bool ThrowsForAnArgument(MethodBase one) => Called(one).Any(called =>
        called.DeclaringType is { } type && (
            (typeof(ArgumentException).IsAssignableFrom(type) && type != typeof(ArgumentNullException))
            || (type.Name == "Require" && type.Assembly == one.DeclaringType!.Assembly)));

    /// <summary>The methods and constructors that a member's own code names.</summary>
    private static IEnumerable<MethodBase> Called(MethodBase one)
    {
        byte[] code = one.GetMethodBody()?.GetILAsByteArray() ?? [];
        Type[] ofType = one.DeclaringType!.GetGenericArguments(), ofMethod = one.IsGenericMethod ? one.GetGenericArguments() : [];
        for (int at = 0; at < code.Length;)
        {
            short value = code[at] == 0xFE ? (short)(0xFE00 | code[at + 1]) : code[at];
            OpCode operation = Codes[value];
            at += operation.Size;
            if (operation.OperandType == OperandType.InlineMethod
                && one.Module.ResolveMethod(BitConverter.ToInt32(code, at), ofType, ofMethod) is { } called)
            {
                yield return called;
            }

            at += operation.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }

    private static string Name(MethodBase one) => $"{one.DeclaringType!.FullName}.{one.Name}({string.Join(
        ", ", one.GetParameters().Select(parameter => parameter.Name))})";
}
