using System.Globalization;
using System.Security.Cryptography;
using PacGen.Kernels;
using PacGen.Nn;

namespace PacGen.Tests.Outside;

/// <summary>
/// This assembly as a program of a user's, which <c>mpirun</c> starts: <see cref="WorldTests"/> looks at what it prints. Tests
/// are started by the test runner, not by this.
/// </summary>
internal static class Program
{
    private static int Main(string[] args)
    {
        Communicator ranks = Communicator.World;
        if (args is ["fail"])
        {
            // The others wait for one that has gone.
            ranks.Barrier();
            return ranks.Rank == ranks.Size - 1 ? throw new InvalidOperationException("Nobody catches this.") : Wait(ranks);
        }

        if (args is ["caught", _])
        {
            return Catch(ranks, inAStep: args[1] == "step");
        }

        float[] sums = [.. Enumerable.Range(0, 10_000).Select(i => (float)((ranks.Rank + 1) * i))];
        ranks.Sum(sums);
        int[] all = new int[ranks.Size];
        ranks.Gather<int>([ranks.Rank * 10], all);
        bool isLast = ranks.Any(ranks.Rank == ranks.Size - 1);

        Dataset digits = Datasets.Digits();
        Sequential model = new(
            new Flatten(), new Linear(64, 400), new Relu(), new Linear(400, 100), new Relu(), new Linear(100, 10));
        using Trainer trainer = new(
            model, digits, new PerturbedOptimizer(new Adam(1e-3), eta: 0.01),
            new TrainingOptions
            {
                Epochs = 1, BatchSize = 96, Accumulate = 4, Seed = 7, Communicator = ranks, OverlapSums = args is ["overlap"],
            });
        EpochResult result = trainer.Run()[^1];
        byte[] weights = [.. trainer.Arena.Save().SelectMany(BitConverter.GetBytes)];
        if (ranks.IsRoot)
        {
            Console.WriteLine($"{ranks.Size} ranks: {sums[^1]}; {string.Join(' ', all)}; {isLast}");
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{Convert.ToHexString(SHA256.HashData(weights))} {result.TestLoss:R}"));
        }

        return 0;
    }

    /// <summary>
    /// An exception on one rank, in a step whose sum has begun or between two steps, which the program catches.
    /// </summary>
    private static int Catch(Communicator ranks, bool inAStep)
    {
        bool last = ranks.Rank == ranks.Size - 1;
        using Device device = new CpuDevice(1);
        using DeviceBuffer numbers = device.Allocate(100_000);
        try
        {
            using BufferSum sum = new(ranks, numbers);
            if (last && !inAStep)
            {
                throw new InvalidOperationException("Somebody catches this.");
            }

            sum.Begin(0);
            if (last)
            {
                throw new InvalidOperationException("Somebody catches this.");
            }

            // The other half of the numbers never comes.
            ranks.Barrier();
            sum.Finish();
            ranks.Barrier();
            return 0;
        }
        catch (InvalidOperationException error)
        {
            Console.Error.WriteLine(error.Message);
        }

        try
        {
            ranks.Barrier();
        }
        catch (CommunicationException error)
        {
            Console.Error.WriteLine(error.Message);
        }

        return 3;
    }

    private static int Wait(Communicator ranks)
    {
        ranks.Barrier();
        return 0;
    }
}
