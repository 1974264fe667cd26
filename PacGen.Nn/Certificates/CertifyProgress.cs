namespace PacGen.Nn;

/// <summary>Where a certification stands, reported a few times a second.</summary>
/// <param name="Phase">What is being done.</param>
/// <param name="Done">How many steps or draws of the phase are done.</param>
/// <param name="Total">How many the phase has.</param>
/// <param name="Loss">The mean loss of late: the cross-entropy of training, the 0-1 loss of draws.</param>
/// <param name="Remaining">The time left of the phase, by its pace so far.</param>
public readonly record struct CertifyProgress(CertifyPhase Phase, long Done, long Total, double Loss, TimeSpan Remaining);
