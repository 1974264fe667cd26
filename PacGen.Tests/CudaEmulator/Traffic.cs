using System.Numerics;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// Counts what memory instructions cost. Shared memory has 32 banks of 4 bytes; lanes go in groups of 32, 16 or 8 for accesses of
/// up to 4, 8 or 16 bytes, and a group takes as many wavefronts as its fullest bank has different words. Global memory moves
/// sectors of 32 bytes.
/// </summary>
internal sealed unsafe class Traffic(RunCounts counts)
{
    private readonly HashSet<long> seen = [];
    private readonly int[] banks = new int[32];

    /// <summary>Counts an instruction that is about to be executed.</summary>
    public void Record(Warp warp, Instruction* instruction)
    {
        bool copies = instruction->Space == MemorySpace.Shared && instruction->Bytes > 0 && instruction->Count == 0;
        int bytes = copies ? instruction->Bytes : instruction->Bytes * instruction->Count;
        long* addresses = warp.At<long>(instruction->A);
        if (instruction->Space == MemorySpace.Shared)
        {
            // ldmatrix: each matrix' eight rows of 16 bytes are one group.
            bool rows = instruction->Kind == InstructionKind.WarpSync;
            bytes = rows ? 16 : bytes;
            int group = bytes <= 4 ? 32 : bytes <= 8 ? 16 : 8;
            int lanes = rows ? 8 * instruction->Count : Warp.Lanes;
            for (int first = 0; first < lanes; first += group)
            {
                counts.SharedWavefronts += Wavefronts(warp, addresses, instruction->Offset, bytes, first, group);
            }
        }

        if (copies)
        {
            counts.LoadSectors +=
                Sectors(warp, warp.At<long>(instruction->B), instruction->Target, warp.At<int>(instruction->C), 0);
        }
        else if (instruction->Space == MemorySpace.Global)
        {
            long sectors = Sectors(warp, addresses, instruction->Offset, null, bytes);
            counts.LoadSectors += instruction->Reads ? sectors : 0;
            counts.StoreSectors += instruction->Writes ? sectors : 0;
        }
    }

    private int Wavefronts(Warp warp, long* addresses, long offset, int bytes, int first, int group)
    {
        seen.Clear();
        Array.Clear(banks);
        int most = 0;
        for (int lane = first; lane < first + group; lane++)
        {
            if (((warp.Exec >> lane) & 1) == 0)
            {
                continue;
            }

            long start = (addresses[lane] + offset) >> 2, end = (addresses[lane] + offset + bytes - 1) >> 2;
            for (long word = start; word <= end; word++)
            {
                if (seen.Add(word))
                {
                    most = Math.Max(most, ++banks[word & 31]);
                }
            }
        }

        return most;
    }

    private int Sectors(Warp warp, long* addresses, long offset, int* lengths, int bytes)
    {
        seen.Clear();
        for (uint rest = warp.Exec; rest != 0; rest &= rest - 1)
        {
            int lane = BitOperations.TrailingZeroCount(rest), length = lengths is null ? bytes : lengths[lane];
            for (long sector = (addresses[lane] + offset) >> 5;
                length > 0 && sector <= (addresses[lane] + offset + length - 1) >> 5; sector++)
            {
                seen.Add(sector);
            }
        }

        return seen.Count;
    }
}
