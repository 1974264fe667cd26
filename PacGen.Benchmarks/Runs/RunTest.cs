namespace PacGen.Benchmarks.Runs;

/// <summary>How the weights after a run's last epoch did on images that nothing was chosen by.</summary>
/// <param name="Epochs">After how many epochs.</param>
/// <param name="Loss">The mean loss.</param>
/// <param name="Accuracy">The share that is classified correctly, in [0, 1].</param>
internal sealed record RunTest(int Epochs, double Loss, double Accuracy);
