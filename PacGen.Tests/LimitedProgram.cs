namespace PacGen.Tests;

/// <summary>
/// What the tests' assembly does as a program: the part of <see cref="LimitedProcess"/> in the process of its own.
/// </summary>
internal static class LimitedProgram
{
    private static int Main(string[] args)
    {
        if (args.Length < 2)
        {
            Console.Error.WriteLine("Run the tests with dotnet test.");
            return 2;
        }

        try
        {
            LimitedProcess.Call(args[0], args[1], args[2..]);
            return 0;
        }
        catch (Exception error)
        {
            Console.Error.WriteLine(error);
            return 1;
        }
    }
}
