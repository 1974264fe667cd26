namespace PacGen.Nn;
/// <summary>x</summary>
public sealed record Certificate;
