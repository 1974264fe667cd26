namespace PacGen.Nn;

/// <summary>The embedded table: 333 penguins, whose mass is to be predicted from measures, island, sex and species.</summary>
internal static class PenguinTable
{
    private const string Mass = "body_mass_kg";

    /// <summary>Loads it; other columns may be targets, such as <c>species</c> for classes.</summary>
    public static Dataset Load(TableOptions options) => CsvFile.ReadEmbedded("penguins.csv").ToDataset(
        "penguins", options.Targets.Count > 0 ? options : options with { Targets = [Mass] }) with { Origin = "embedded" };
}
