namespace PacGen.Benchmarks;

/// <summary>
/// The command line asks for what can't be: an option that has no effect here, two that contradict each other. Exit code 2.
/// </summary>
/// <param name="message">One line: what is wrong and what to write instead.</param>
internal sealed class UsageException(string message) : Exception(message);
