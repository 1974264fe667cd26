using System.Globalization;

namespace PacGen.Kernels;

/// <summary>What the launcher of an MPI program tells its processes by their environment.</summary>
internal static class MpiLaunch
{
    /// <summary>Which launchers there are: the variables of a process's number and of how many there are.</summary>
    private static readonly (string Rank, string Size)[] Variables =
    [
        ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), // mpirun of Open MPI
        ("PMI_RANK", "PMI_SIZE"), // Hydra: mpiexec of MPICH and its relatives; srun --mpi=pmi2
        ("PMIX_RANK", "SLURM_STEP_NUM_TASKS"), // srun --mpi=pmix
    ];

    /// <summary>This process's number; 0 for one by itself.</summary>
    public static int Rank => Found.Rank;

    /// <summary>How many were started together; 1 for one by itself.</summary>
    public static int Size => Found.Size;

    /// <summary>Whether the launcher is MPICH's, or of its kind.</summary>
    public static bool IsHydra => Read("OMPI_COMM_WORLD_SIZE") is null && Read("PMI_SIZE") is not null;

    private static (int Rank, int Size) Found => Variables
        .Select(names => (Rank: Read(names.Rank), Size: Read(names.Size)))
        .Where(one => one is { Rank: >= 0, Size: > 0 })
        .Select(one => (one.Rank!.Value, one.Size!.Value))
        .FirstOrDefault((0, 1));

    private static int? Read(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int value) ? value : null;
}
