namespace PacGen.Nn;

/// <summary>Which places of an axis, with which weights, an output of ONNX's Resize has: by the node's attributes.</summary>
internal sealed class ResizeRule
{
    /// <summary>The most places that an output has.</summary>
    public const int MostTaps = 4;

    private readonly OnnxNode node;
    private readonly string mode, coordinates, nearest;
    private readonly double cubic;
    private readonly bool excludes;

    /// <param name="node">The node.</param>
    public ResizeRule(OnnxNode node)
    {
        this.node = node;
        mode = node.Word("mode", "nearest");
        coordinates = node.Word("coordinate_transformation_mode", "half_pixel");
        nearest = node.Word("nearest_mode", "round_prefer_floor");
        cubic = node.Number("cubic_coeff_a", -0.75);
        excludes = node.Integer("exclude_outside", 0) != 0;
    }

    /// <summary>Writes the places of an output and their weights.</summary>
    /// <param name="place">The output's place.</param>
    /// <param name="scale">By how much the axis grows.</param>
    /// <param name="from">The axis's length before.</param>
    /// <param name="to">Its length after.</param>
    /// <param name="taps">Where they are written; a place may come twice.</param>
    /// <returns>How many there are.</returns>
    /// <exception cref="CheckpointException">An attribute has a value that isn't supported.</exception>
    public int Of(int place, float scale, int from, int to, Span<(int Place, double Weight)> taps)
    {
        // In single precision throughout, as runtimes have it, so that ties go the same way.
        float x = coordinates switch
        {
            "half_pixel" => ((place + 0.5f) / scale) - 0.5f,
            "pytorch_half_pixel" => to > 1 ? ((place + 0.5f) / scale) - 0.5f : 0,
            "align_corners" => to > 1 ? place * (float)(from - 1) / (to - 1) : 0,
            "asymmetric" => place / scale,
            "half_pixel_symmetric" => (from / 2f * (1 - (to / (scale * from)))) + ((place + 0.5f) / scale) - 0.5f,
            _ => throw node.Wrong("coordinate_transformation_mode"),
        };
        int first = (int)MathF.Floor(x), count = 0;
        switch (mode)
        {
            case "nearest":
                Add(Nearest(x), 1, taps);
                break;
            case "linear":
                Add(first, 1 - (x - first), taps);
                Add(first + 1, x - first, taps);
                break;
            case "cubic":
                // Keys' convolution; what lies outside is the edge's, or is left out.
                double sum = 0;
                for (int tap = first - 1; tap <= first + 2; tap++)
                {
                    if (!excludes || (tap >= 0 && tap < from))
                    {
                        double weight = Keys(Math.Abs(x - tap));
                        sum += weight;
                        Add(tap, weight, taps);
                    }
                }

                for (int i = 0; excludes && i < count; i++)
                {
                    taps[i].Weight /= sum;
                }

                break;
            default:
                throw node.Wrong("mode");
        }

        return count;

        void Add(int one, double weight, Span<(int Place, double Weight)> into) =>
            into[count++] = (Math.Clamp(one, 0, from - 1), weight);
    }

    private int Nearest(float x) => nearest switch
    {
        "round_prefer_floor" => (int)Math.Ceiling(x - 0.5),
        "round_prefer_ceil" => (int)Math.Floor(x + 0.5),
        "floor" => (int)MathF.Floor(x),
        "ceil" => (int)MathF.Ceiling(x),
        _ => throw node.Wrong("nearest_mode"),
    };

    private double Keys(double d) => d <= 1 ? ((((cubic + 2) * d) - (cubic + 3)) * d * d) + 1
        : ((((cubic * d) - (5 * cubic)) * d) + (8 * cubic)) * d - (4 * cubic);
}
