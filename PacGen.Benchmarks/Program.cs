using PacGen.Benchmarks;

using StopRequest stop = StopRequest.OnSignals(LaunchedRank.Error);
return LaunchedRank.End(Application.Run(args, new Host(LaunchedRank.Output, LaunchedRank.Error, stop)
{
    OutputIsTerminal = !LaunchedRank.IsLaunched && !Console.IsOutputRedirected,
    ErrorIsTerminal = !LaunchedRank.IsLaunched && !Console.IsErrorRedirected,
}), stop);
