namespace PacGen.Nn;

/// <summary>What is done about cells of a table that have no value.</summary>
public enum MissingValues
{
    /// <summary>They are an error that names the first.</summary>
    Refuse,

    /// <summary>
    /// A number becomes the median of its column over the training part; a text becomes a category of its own. Targets are not
    /// imputed.
    /// </summary>
    Impute,

    /// <summary>Their rows are left out.</summary>
    Drop,
}
