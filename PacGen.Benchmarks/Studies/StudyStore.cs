using System.Globalization;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using PacGen.Benchmarks.CommandLine;
using PacGen.Nn;

namespace PacGen.Benchmarks.Studies;

/// <summary>
/// A study on disk: a folder with one SQLite file of runs, epochs, moments and measures, and the weights of each moment as
/// safetensors. One process at a time writes it; any may read it meanwhile. Each call is a transaction, so that whatever stops
/// the process, the file is whole.
/// </summary>
internal sealed class StudyStore : IDisposable
{
    /// <summary>The SQLite file's name in the folder.</summary>
    public const string FileName = "study.sqlite";

    private const string Format = "1";

    // SQLite's.
    private const int ReadOnly = 8, CantOpen = 14, DiskError = 10, Full = 13, Damaged = 11, NoDatabase = 26, NoTable = 1;

    private const string Schema = """
        CREATE TABLE study (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
        CREATE TABLE runs (
            run INTEGER PRIMARY KEY, settings TEXT NOT NULL, seed TEXT NOT NULL, state TEXT NOT NULL, failure TEXT, images TEXT,
            device TEXT, seconds REAL, UNIQUE (settings, seed)) STRICT;
        CREATE TABLE epochs (
            run INTEGER NOT NULL, epoch INTEGER NOT NULL, steps INTEGER NOT NULL, train_loss REAL, train_accuracy REAL,
            test_loss REAL, test_accuracy REAL, step_loss REAL, seconds REAL, PRIMARY KEY (run, epoch)) STRICT;
        CREATE TABLE moments (
            run INTEGER NOT NULL, moment TEXT NOT NULL, epoch INTEGER NOT NULL, weights TEXT NOT NULL,
            PRIMARY KEY (run, moment)) STRICT;
        CREATE TABLE measures (
            run INTEGER NOT NULL, moment TEXT NOT NULL, name TEXT NOT NULL, layer TEXT NOT NULL, value REAL, low REAL, high REAL,
            meaning TEXT, obstacle TEXT, seconds REAL, losses REAL, gradients REAL, products REAL,
            PRIMARY KEY (run, moment, name, layer)) STRICT;
        """;

    private readonly string file;
    private readonly SqliteConnection connection;
    private readonly FolderClaim? claim;
    private readonly Lock gate = new();

    private StudyStore(string folder, FolderClaim? claim, bool isStill = false)
    {
        Folder = folder;
        this.claim = claim;
        file = Path.GetFullPath(Path.Combine(folder, FileName));
        connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = isStill ? $"{new Uri(file).AbsoluteUri}?immutable=1" : file,
            Mode = claim is null ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWriteCreate,
            Pooling = false,
        }.ToString());
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Opens a study to write it; makes it where it isn't there.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="alone">Whether nobody reads it meanwhile: it then needs no memory that is shared through the file system, and
    /// may lie on a network's.</param>
    /// <exception cref="IOException">Another process works in it, or it can't be written.</exception>
    /// <exception cref="CheckpointException">The file is damaged or no study.</exception>
    public static StudyStore Open(string folder, bool alone = false)
    {
        FolderClaim claim = new(folder);
        StudyStore store;
        try
        {
            store = new StudyStore(folder, claim);
        }
        catch
        {
            claim.Dispose();
            throw;
        }

        try
        {
            store.Do(() =>
            {
                store.connection.Open();

                if (alone)
                {
                    store.Execute("PRAGMA locking_mode = EXCLUSIVE");
                }

                // Readers are not kept waiting, and a kill at any moment leaves whole transactions.
                store.Execute("PRAGMA journal_mode = WAL");
                store.Execute("PRAGMA synchronous = NORMAL");
                if (store.Query("SELECT count(*) FROM sqlite_schema", row => row.GetInt64(0)).Single() == 0)
                {
                    using SqliteTransaction all = store.connection.BeginTransaction();
                    store.Execute(Schema);
                    store.Execute("INSERT INTO study VALUES ('format', $1)", Format);
                    all.Commit();
                }
            });
            store.RequireFormat();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>Opens a study to read it, while it is written or not.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="UsageException">There is none.</exception>
    /// <exception cref="CheckpointException">The file is damaged or no study.</exception>
    public static StudyStore Read(string folder)
    {
        if (!File.Exists(Path.Combine(folder, FileName)))
        {
            throw new UsageException($"There is no study in {folder}: pacgen study run makes one.");
        }

        try
        {
            return Opened(new StudyStore(folder, null));
        }
        catch (IOException error) when (error.InnerException is SqliteException { SqliteErrorCode: ReadOnly or CantOpen }
            && new FileInfo(Path.Combine(folder, $"{FileName}-wal")) is not { Exists: true, Length: > 0 })
        {
            // To share a file SQLite makes two others beside it, which a folder that can only be read refuses. Without a log
            // of transactions nobody writes the file, and it can be read alone.
            return Opened(new StudyStore(folder, null, isStill: true));
        }
    }

    private static StudyStore Opened(StudyStore store)
    {
        try
        {
            store.Do(store.connection.Open);
            store.RequireFormat();
            return store;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <summary>What is written about the whole study under a name; null where nothing is.</summary>
    public string? Note(string name) =>
        Do(() => Query("SELECT value FROM study WHERE name = $1", row => row.GetString(0), name).SingleOrDefault());

    /// <summary>Writes something about the whole study.</summary>
    public void Note(string name, string value) =>
        Do(() => Execute("INSERT INTO study VALUES ($1, $2) ON CONFLICT DO UPDATE SET value = $2", name, value));

    /// <summary>The number of each run; those that are new get one.</summary>
    /// <param name="runs">The runs.</param>
    public IReadOnlyList<StudyRun> Add(IReadOnlyList<StudyRun> runs) => Do(() =>
    {
        StoredRuns there = new(Runs());
        using SqliteTransaction all = connection.BeginTransaction();
        List<StudyRun> numbered = [];
        foreach (StudyRun run in runs)
        {
            string settings = StudyDescription.Text(run.Settings), seed = run.Seed.ToString(CultureInfo.InvariantCulture);
            if (there.Find(run.Settings, run.Seed) is { } known)
            {
                numbered.Add(run with { Number = known.Run });
                continue;
            }

            Execute(
                "INSERT INTO runs (settings, seed, state) VALUES ($1, $2, 'planned') ON CONFLICT DO NOTHING", settings, seed);
            numbered.Add(run with
            {
                Number = Query(
                    "SELECT run FROM runs WHERE settings = $1 AND seed = $2", row => row.GetInt32(0), settings, seed).Single(),
            });
        }

        all.Commit();
        return numbered;
    });

    /// <summary>Takes over what another process did of a run.</summary>
    /// <param name="run">Its number here.</param>
    /// <param name="done">What is known of it there.</param>
    /// <param name="epochs">Its epochs.</param>
    /// <param name="moments">Its moments, with the paths of weights from here.</param>
    /// <param name="measures">Its measures.</param>
    public void Take(
        int run, StoredRun done, IEnumerable<StoredEpoch> epochs, IEnumerable<StoredMoment> moments,
        IEnumerable<StoredMeasure> measures)
    {
        Begin(run, done.Images ?? "", done.Device ?? "");
        ILookup<int, StoredMoment> at = moments.ToLookup(moment => moment.Epoch);
        foreach (StoredEpoch epoch in epochs)
        {
            Add(epoch with { Run = run }, [.. at[epoch.Epoch].Select(moment => moment with { Run = run })]);
        }

        Add([.. measures.Select(measure => measure with { Run = run })]);
        End(run, done.Failure, done.Seconds);
    }

    /// <summary>The runs that are there, by their numbers.</summary>
    public IReadOnlyList<StoredRun> Runs() => Do(() => Query(
        "SELECT run, settings, seed, state, failure, device, seconds, images FROM runs ORDER BY run",
        row => new StoredRun(
            row.GetInt32(0), JsonSerializer.Deserialize<SortedDictionary<string, string>>(row.GetString(1))!,
            ulong.Parse(row.GetString(2), CultureInfo.InvariantCulture), Enum.Parse<StudyRunState>(row.GetString(3), true))
        {
            Failure = Text(row, 4), Device = Text(row, 5), Seconds = Number(row, 6), Images = Text(row, 7),
        }));

    /// <summary>The epochs of all runs, by run and epoch.</summary>
    public IReadOnlyList<StoredEpoch> Epochs() => Do(() => Query(
        "SELECT run, epoch, steps, train_loss, train_accuracy, test_loss, test_accuracy, step_loss, seconds FROM epochs "
            + "ORDER BY run, epoch",
        row => new StoredEpoch(
            row.GetInt32(0), row.GetInt32(1), row.GetInt64(2), Number(row, 3), Number(row, 4), Number(row, 5), Number(row, 6),
            Number(row, 7), Number(row, 8))));

    /// <summary>The moments of all runs, by run, epoch and name.</summary>
    public IReadOnlyList<StoredMoment> Moments() => Do(() => Query(
        "SELECT run, moment, epoch, weights FROM moments ORDER BY run, epoch, moment",
        row => new StoredMoment(row.GetInt32(0), row.GetString(1), row.GetInt32(2), row.GetString(3))));

    /// <summary>The measures of all moments, by run, moment, name and layer; without layers where they aren't wanted.</summary>
    public IReadOnlyList<StoredMeasure> Measures(bool layers) => Do(() => Query(
        "SELECT run, moment, name, layer, value, low, high, meaning, obstacle, seconds, losses, gradients, products "
            + $"FROM measures {(layers ? "" : "WHERE layer = ''")} ORDER BY run, moment, name, rowid",
        row => new StoredMeasure(row.GetInt32(0), row.GetString(1), row.GetString(2), row.GetString(3), Number(row, 4))
        {
            Low = Number(row, 5), High = Number(row, 6), Meaning = Text(row, 7), Obstacle = Text(row, 8),
            Seconds = Number(row, 9), Cost = new PassCost(Number(row, 10), Number(row, 11), Number(row, 12)),
        }));

    /// <summary>Whether any measure is there.</summary>
    public bool HasMeasures => Do(() => Query("SELECT 1 FROM measures LIMIT 1", row => row.GetInt32(0)).Count > 0);

    /// <summary>A run begins anew: what an interrupted one left is forgotten.</summary>
    public void Begin(int run, string images, string device) => Do(() =>
    {
        using SqliteTransaction all = connection.BeginTransaction();
        foreach (string table in (string[])["epochs", "moments", "measures"])
        {
            Execute($"DELETE FROM {table} WHERE run = $1", run);
        }

        Execute(
            "UPDATE runs SET state = 'training', failure = NULL, images = $2, device = $3 WHERE run = $1", run, images, device);
        all.Commit();
    });

    /// <summary>A run goes on: what there is of it beyond some epochs is forgotten.</summary>
    /// <returns>The epochs that are left.</returns>
    public int Resume(int run, int epochs) => Do(() =>
    {
        using SqliteTransaction all = connection.BeginTransaction();
        Execute("DELETE FROM epochs WHERE run = $1 AND epoch > $2", run, epochs);
        Execute("DELETE FROM moments WHERE run = $1 AND epoch > $2", run, epochs);
        all.Commit();
        return Query("SELECT count(*) FROM epochs WHERE run = $1", row => row.GetInt32(0), run).Single();
    });

    /// <summary>An epoch is done, and the weights of the moments that it is are there.</summary>
    public void Add(StoredEpoch epoch, IReadOnlyList<StoredMoment> moments) => Do(() =>
    {
        using SqliteTransaction all = connection.BeginTransaction();
        Execute(
            "INSERT INTO epochs VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)", epoch.Run, epoch.Epoch, epoch.Steps,
            epoch.TrainLoss, epoch.TrainAccuracy, epoch.TestLoss, epoch.TestAccuracy, epoch.StepLoss, epoch.Seconds);
        foreach (StoredMoment moment in moments)
        {
            Execute(
                "INSERT INTO moments VALUES ($1, $2, $3, $4)", moment.Run, moment.Moment, moment.Epoch, moment.Weights);
        }

        all.Commit();
    });

    /// <summary>A run is at its end.</summary>
    /// <param name="run">Its number.</param>
    /// <param name="failure">Why it could not go on, or null.</param>
    /// <param name="seconds">The time that it took.</param>
    public void End(int run, string? failure, double seconds) => Do(() => Execute(
        "UPDATE runs SET state = $2, failure = $3, seconds = $4 WHERE run = $1", run, failure is null ? "done" : "failed",
        failure, seconds));

    /// <summary>A measure is taken: its value and those of its layers.</summary>
    public void Add(IReadOnlyList<StoredMeasure> measures) => Do(() =>
    {
        using SqliteTransaction all = connection.BeginTransaction();
        foreach (StoredMeasure one in measures)
        {
            Execute(
                "INSERT OR REPLACE INTO measures VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)", one.Run,
                one.Moment, one.Name, one.Layer, one.Value, one.Low, one.High, one.Meaning, one.Obstacle, one.Seconds,
                one.Cost.Losses, one.Cost.Gradients, one.Cost.Products);
        }

        all.Commit();
    });

    public void Dispose()
    {
        connection.Dispose();
        claim?.Dispose();
    }

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    /// <summary>SQLite has no NaN: it is NULL there.</summary>
    private static double Number(SqliteDataReader row, int column) => row.IsDBNull(column) ? double.NaN : row.GetDouble(column);

    private void RequireFormat()
    {
        string? format = Note("format");
        if (format != Format)
        {
            throw new CheckpointException(
                $"{file} is of another version of the program (format {format}, not {Format}).");
        }
    }

    private int Execute(string sql, params object?[] values)
    {
        using SqliteCommand command = Command(sql, values);
        return command.ExecuteNonQuery();
    }

    private List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params object?[] values)
    {
        using SqliteCommand command = Command(sql, values);
        using SqliteDataReader reader = command.ExecuteReader();
        List<T> rows = [];
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    private SqliteCommand Command(string sql, object?[] values)
    {
        SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters.AddWithValue($"${i + 1}", values[i] is null or double.NaN ? DBNull.Value : values[i]);
        }

        return command;
    }

    private void Do(Action action) => Do(() =>
    {
        action();
        return true;
    });

    private T Do<T>(Func<T> action)
    {
        lock (gate)
        {
            try
            {
                return action();
            }
            catch (SqliteException error)
            {
                throw error.SqliteErrorCode switch
                {
                    Full or DiskError => new IOException(Prose.Line($"""
                        {file} can't be written: {error.Message} Make room; the same command then goes on, and what is done is
                        kept.
                        """), error),
                    ReadOnly or CantOpen => new IOException(
                        $"{file} can't be opened or written: {error.Message} Choose another folder.", error),
                    Damaged or NoDatabase or NoTable => new CheckpointException(Prose.Line($"""
                        {file} is damaged or no study: {error.Message} Move the folder away, or take the file from a copy; the
                        weights beside it are still good.
                        """), error),
                    _ => new IOException($"{file}: {error.Message}", error),
                };
            }
            catch (JsonException error)
            {
                throw new CheckpointException($"{file} is damaged: a run's settings are no JSON ({error.Message})", error);
            }
        }
    }
}
