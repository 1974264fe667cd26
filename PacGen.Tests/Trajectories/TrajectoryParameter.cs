namespace PacGen.Tests.Trajectories;

/// <summary>One named segment of the flat parameters, in PacGen's layout.</summary>
/// <param name="Name">Its module's name and <c>weight</c> or <c>bias</c>.</param>
/// <param name="Extents">Outermost first: (in, out), (KH, KW, C, OC) or (out).</param>
/// <param name="Initial">Its values before the first step, row-major.</param>
internal sealed record TrajectoryParameter(string Name, int[] Extents, float[] Initial);
