using PacGen.Benchmarks;

using StopRequest stop = StopRequest.OnSignals(Console.Error);
return Application.Run(args, new Host(Console.Out, Console.Error, stop)
{
    OutputIsTerminal = !Console.IsOutputRedirected,
    ErrorIsTerminal = !Console.IsErrorRedirected,
});
