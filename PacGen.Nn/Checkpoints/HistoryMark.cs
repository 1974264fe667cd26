namespace PacGen.Nn;

/// <summary>How much of an <see cref="EpochHistory"/> a checkpoint goes on from.</summary>
/// <param name="Count">The epochs in it.</param>
/// <param name="Length">Its bytes.</param>
/// <param name="Sha256">The SHA-256 of these bytes, in hexadecimal digits.</param>
internal sealed record HistoryMark(int Count, long Length, string Sha256);
