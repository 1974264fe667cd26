namespace PacGen.Tests.Nn;

/// <summary>Damages files at random.</summary>
internal static class Mutation
{
    /// <summary>
    /// A copy with one to three places changed, cut or added to; half of them among the first bytes or the last.
    /// </summary>
    public static byte[] Of(byte[] content, Random random)
    {
        List<byte> bytes = [.. content];
        for (int mutations = random.Next(1, 4); mutations > 0 && bytes.Count > 0; mutations--)
        {
            int near = Math.Min(600, bytes.Count);
            int at = random.Next(
                4) switch { 0 => random.Next(near), 1 => bytes.Count - 1 - random.Next(near), _ => random.Next(bytes.Count) };
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Next(bytes.Count - at) + 1);
                    break;
                case 3:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 9), bytes.Count - at));
                    break;
                default:
                    byte[] added = new byte[random.Next(1, 100)];
                    random.NextBytes(added);
                    bytes.InsertRange(at, added);
                    break;
            }
        }

        return [.. bytes];
    }
}
