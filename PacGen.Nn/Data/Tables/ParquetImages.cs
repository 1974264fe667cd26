using Parquet.Schema;

namespace PacGen.Nn;

/// <summary>Encoded images of Parquet files, decoded to bytes in memory.</summary>
internal static class ParquetImages
{
    /// <summary>Loads a data set.</summary>
    /// <exception cref="DataException">A file can't be read, an image not decoded, or the classes are not clear.</exception>
    public static Dataset Load(
        string name, string path, string[] train, string[] test, DataOptions options, CancellationToken cancellation)
    {
        List<byte[]> pixels = [];
        List<int> labels = [];
        List<string> names = [];
        int height = 0, width = 0, trained = 0;
        string chosen = "";
        foreach (string file in train.Concat(test))
        {
            using ParquetFile.Opened opened = ParquetFile.Opened.Of(file, cancellation);
            DataField field = opened.ImageField
                ?? throw new DataException($"{file} has no column of images, but others of {path} have.");
            DataField target = Target(file, opened, options.Table);
            chosen = target.Name;
            TableColumn column = opened.Column(target, cancellation);
            if (column.Numbers is not { } classes
                || Array.Exists(classes, one => !(one >= 0 && one < 1 << 20 && one == Math.Floor(one))))
            {
                throw new DataException(
                    $"{file}: {Core.Text.Printable.Name(column.Name)} is no column of classes, whole numbers from 0.");
            }

            names = names.Count > 0 ? names : [.. opened.ClassNames(column.Name)];
            labels.AddRange(Array.ConvertAll(classes, one => (int)one));
            opened.ForEachBytes(field, bytes =>
            {
                string what = $"{file}: image {pixels.Count}";
                byte[] encoded = bytes ?? throw new DataException($"{what} is empty: leave such rows out.");
                if (pixels.Count == 0)
                {
                    (height, width) = options.ImageSide is { } side ? (side, side) : ImageDecoder.Size(encoded, what);
                }

                byte[] decoded = new byte[height * width * 3];
                ImageDecoder.Decode(encoded, what, height, width, options.ImageSide is not null, $"image 0 of {path}", decoded);
                pixels.Add(decoded);
            }, cancellation);
            trained = test.Contains(file) ? trained : pixels.Count;
        }

        if (pixels.Count != labels.Count || pixels.Count == 0)
        {
            throw new DataException(
                $"{path} has {pixels.Count} images but {labels.Count} classes. Replace it with a whole copy.");
        }

        int size = height * width * 3, most = Math.Max(labels.Max() + 1, names.Count);
        byte[] all = new byte[checked(pixels.Count * size)];
        for (int i = 0; i < pixels.Count; i++)
        {
            pixels[i].CopyTo(all, i * size);
        }

        ImageSet set = new(all, labels.ToArray(), height, width, most, new Normalization([0, 0, 0], [1, 1, 1]));
        Dataset data = test.Length > 0
            ? new Dataset(name, set.Take(trained), set.Subset([.. Enumerable.Range(trained, set.Count - trained)]))
            : Dataset.Split(set, options.Table.TestPart, options.Table.SplitSeed, name);
        return data.Normalized() with
        {
            Origin = path,
            ClassNames = names.Count == most ? names : [],
            Table = options.Table with { Targets = [chosen], Kind = TargetKind.Class },
        };
    }

    private static DataField Target(string file, ParquetFile.Opened opened, TableOptions options)
    {
        string[] usual = ["label", "labels", "fine_label", "target", "class"];
        string[] wanted = options.Targets.Count > 0 ? [.. options.Targets] : usual;
        DataField[] found = [.. opened.Fields.Where(field => wanted.Contains(field.Name))];
        return found.Length == 1 ? found[0] : throw new DataException(
            $"{file} does not say which column has the images' classes: give --target COLUMN, one of " +
            $"{string.Join(", ", opened.Fields.Take(30).Select(field => Core.Text.Printable.Name(field.Name)))}.");
    }
}
