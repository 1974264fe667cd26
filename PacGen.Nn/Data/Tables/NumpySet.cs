using PacGen.Core.Text;

namespace PacGen.Nn;

/// <summary>A data set from the arrays of a NumPy file, by the names that such files usually have.</summary>
internal static class NumpySet
{
    private static readonly string[] TrainSamples =
        ["x_train", "X_train", "train_images", "train_x", "train_data", "x", "X", "data", "images", "samples"];

    private static readonly string[] TrainTargets =
        ["y_train", "Y_train", "train_labels", "train_y", "train_targets", "y", "Y", "labels", "targets", "target"];

    private static readonly string[] TestSamples = ["x_test", "X_test", "test_images", "test_x", "test_data"];

    private static readonly string[] TestTargets = ["y_test", "Y_test", "test_labels", "test_y", "test_targets"];

    /// <summary>Reads a data set.</summary>
    /// <exception cref="DataException">The file can't be read, or has no arrays of such names.</exception>
    public static Dataset Load(string name, string path, TableOptions options)
    {
        IReadOnlyDictionary<string, Array> arrays = NumpyFile.Read(path);
        string[] wanted = options.Targets.Count switch
        {
            0 => TrainTargets,
            1 => [options.Targets[0]],
            _ => throw new DataException($"{path}: targets are one array, but {options.Targets.Count} are named (--target)."),
        };
        Array samples = Find(TrainSamples) ?? throw Missing("samples", TrainSamples);
        Array targets = Find(wanted) ?? throw Missing("targets", wanted);
        string[] tested = TrainTargets.Contains(wanted[0])
            ? TestTargets
            : [.. new[] { wanted[0].Replace("train", "test", StringComparison.Ordinal), $"{wanted[0]}_test" }.Except(wanted)];
        Array? testSamples = Find(TestSamples), testTargets = Find(tested);
        if (testSamples is null != testTargets is null)
        {
            (string there, string[] absent, string what) = testTargets is null
                ? (NameIn(TestSamples), tested, "targets") : (NameIn(tested), TestSamples, "samples");
            throw new DataException(
                $"{path} has {Printable.Name(there)}, but no {what} for it: an array called " +
                $"{string.Join(", ", absent.Select(Printable.Name))}. Add that, or leave {Printable.Name(there)} out.");
        }

        try
        {
            (targets, testTargets) = (
                OneAxis(targets, options.Kind), testTargets is null ? null : OneAxis(testTargets, options.Kind));
            if (samples is byte[,,] or byte[,,,] && targets is int[] or long[] or byte[]
                && options.Kind is null or TargetKind.Class)
            {
                return Warned(Images(name, samples, targets, testSamples, testTargets, options) with
                {
                    Origin = path, Table = Taken(TargetKind.Class),
                });
            }

            Dataset data = (testSamples, testTargets) is ({ } testX, { } testY)
                ? Dataset.FromArrays(samples, targets, testX, testY, options.Kind, name)
                : Dataset.FromArrays(samples, targets, options.Kind, options.TestPart, options.SplitSeed, name);
            data = data with { Origin = path, Table = Taken(data.Train.Target.Kind) };
            data = options.StandardizeTargets ? data.WithStandardizedTargets() : data;
            return Warned(options.Normalize && data.Train.Normalization is null ? data.Normalized() : data);
        }
        catch (ArgumentException error)
        {
            throw new DataException($"{path}: {error.Message.Split(" (Parameter")[0]}", error);
        }

        string NameIn(string[] names) => names.First(arrays.ContainsKey);

        Array? Find(string[] names) => names.Any(arrays.ContainsKey) ? arrays[NameIn(names)] : null;

        Dataset Warned(Dataset data) => data with
        {
            Warnings =
            [
                .. testSamples is null ? [] : options.SplitWarnings,
                .. data.Train.Target.Kind != TargetKind.Class ? [] : ClassWarnings.Of(
                    NameIn(wanted), data.Train.Classes, one => $"{one}", data.Train.ReadLabels(), data.Test.ReadLabels(),
                    data.Train.Noun.TrimEnd('s')),
            ],
        };

        TableOptions Taken(TargetKind kind) => options with { Targets = [NameIn(wanted)], Kind = kind };

        DataException Missing(string what, string[] names) => new(
            $"{path} has no array called {string.Join(", ", names)} for {what}: it has " +
            $"{string.Join(", ", arrays.Keys.Take(20).Select(Printable.Name))}.");
    }

    /// <summary>Arrays of bytes, (N, H, W) or (N, H, W, C), are images: they stay bytes, the fast case.</summary>
    private static Dataset Images(
        string name, Array samples, Array targets, Array? testSamples, Array? testTargets, TableOptions options)
    {
        int[] labels = Whole(targets), testLabels = testTargets is null ? [] : Whole(testTargets);
        int classes = labels.Concat(testLabels).Max() + 1;
        ImageSet train = Of(samples, labels);
        Dataset data = testSamples switch
        {
            null => Dataset.Split(train, options.TestPart, options.SplitSeed, name),
            byte[,,] or byte[,,,] => new Dataset(name, train, Of(testSamples, testLabels)),
            _ => throw new ArgumentException(
                "Training samples are images of bytes, but test samples are not.", nameof(testSamples)),
        };
        return data.Normalized();

        ImageSet Of(Array images, int[] labels)
        {
            if (labels.Length != images.GetLength(0))
            {
                throw new ArgumentException(
                    $"There are {images.GetLength(0)} images, but {labels.Length} targets.", nameof(targets));
            }

            byte[] pixels = new byte[images.Length];
            Buffer.BlockCopy(images, 0, pixels, 0, pixels.Length);
            int channels = images.Rank == 4 ? images.GetLength(3) : 1;
            float[] none = new float[channels], one = new float[channels];
            Array.Fill(one, 1);
            return new ImageSet(
                pixels, labels, images.GetLength(1), images.GetLength(2), classes, new Normalization(none, one));
        }
    }

    private static int[] Whole(Array labels) => labels switch
    {
        int[] whole => whole,
        byte[] bytes => Array.ConvertAll(bytes, label => (int)label),
        long[] large => Array.ConvertAll(large, label => label is >= 0 and < 1 << 24 ? (int)label : throw new ArgumentException(
            $"A target is {label}, but a class is a whole number from 0 to {(1 << 24) - 1}.", nameof(labels))),
        _ => throw new ArgumentException("Test targets are no whole numbers, but training targets are.", nameof(labels)),
    };

    /// <summary>Classes often stand in a column: (N, 1) is (N) then.</summary>
    private static Array OneAxis(Array targets, TargetKind? kind)
    {
        if (targets.Rank != 2 || targets.GetLength(1) != 1 || (kind is { } given && given != TargetKind.Class))
        {
            return targets;
        }

        Type type = targets.GetType().GetElementType()!;
        if (kind is null && (type == typeof(float) || type == typeof(double)))
        {
            return targets;
        }

        return targets switch
        {
            float[,] column => Column(column),
            double[,] column => Column(column),
            byte[,] column => Column(column),
            long[,] column => Column(column),
            bool[,] column => Column(column),
            int[,] column => Column(column),
            _ => targets,
        };
    }

    private static T[] Column<T>(T[,] targets) => [.. targets.Cast<T>()];
}
