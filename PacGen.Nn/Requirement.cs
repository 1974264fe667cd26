namespace PacGen.Nn;

/// <summary>A check of a setting: says what is wrong where the condition doesn't hold.</summary>
/// <exception cref="ArgumentException">It doesn't.</exception>
internal delegate void Requirement(bool condition, string message);

/// <summary>Checks of settings.</summary>
internal static class Requirements
{
    /// <summary>Checks whose messages begin with what the settings are of.</summary>
    public static Requirement Of(string what) => (condition, message) =>
    {
        if (!condition)
        {
            throw new ArgumentException($"{what}: {message}.");
        }
    };
}
