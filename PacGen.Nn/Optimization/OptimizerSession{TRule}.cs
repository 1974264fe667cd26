using PacGen.Core.Lanes;
using PacGen.Core.Optimization;
using PacGen.Core.Perturbation;
using PacGen.Core.Randomness;
using PacGen.Kernels;

namespace PacGen.Nn;

/// <summary>The session of one rule.</summary>
/// <typeparam name="TRule">OPT.</typeparam>
internal sealed class OptimizerSession<TRule> : OptimizerSession
    where TRule : unmanaged, IUpdateRule
{
    /// <summary>The stream of the run's random numbers that perturbs weights: "pert" in ASCII.</summary>
    private const uint PerturbationStream = 0x7065_7274;

    /// <summary>The arrays that Algorithm 1 keeps; h also without it, where it is asked for.</summary>
    private const string OwnSecondMoment = "h", LastGradient = "gradient";

    private readonly ParameterArena arena;
    private readonly SessionSettings settings;
    private readonly Func<long, double, TRule> rule;
    private readonly UpdateLaunch<TRule> update;
    private readonly RandomMapLaunch<PerturbSettings>? perturb;
    private readonly TwoGradients? pair;
    private readonly SumLaunch<NoSettings> gradientNorm;
    private readonly DeviceBuffer? precision;
    private readonly List<DeviceBuffer> owned = [];
    private readonly List<(string Name, DeviceBuffer Buffer)> arrays = [];
    private readonly StepLedger? ledger;
    private readonly float[] scalar = new float[1];
    private double gradientScale = 1, squaredChange, observed;
    private long steps;
    private StepOutcome? waiting;
    private Launch? keepStates, keepAverage;
    private readonly Dictionary<(Region Loss, double Share, bool First), Launch> observers = [];
    private double rate, limit;
    private bool begun;
    private int point;

    /// <param name="arena">The parameters.</param>
    /// <param name="gradients">Their gradients.</param>
    /// <param name="settings">Seed and perturbation.</param>
    /// <param name="rule">The rule at a step, counted from 1, and a learning rate.</param>
    /// <param name="moment">The rule's state that is a second moment of the plain gradient, and its smoothing constant; or
    /// null.</param>
    public OptimizerSession(
        ParameterArena arena, DeviceBuffer gradients, SessionSettings settings, Func<long, double, TRule> rule,
        (string State, double Beta)? moment = null)
    {
        IReadOnlyList<string> names = RequireNames();
        double? wanted = settings.Algorithm?.Beta1 ?? settings.SecondMomentBeta;
        int? kept = moment is { } known && (wanted is null || wanted == known.Beta) ? IndexOf(names, known.State) : null;
        SecondMomentBeta = wanted ?? moment?.Beta;
        this.arena = arena;
        this.settings = settings;
        this.rule = rule;
        try
        {
            DeviceBuffer? sample = settings.Posterior is null ? null : Own();
            Region[] states = [.. names.Select(name => new Region(name == settings.Posterior?.Sample ? sample! : Keep(name)))];
            SecondMoment = kept is { } index ? states[index].Buffer
                : wanted is not null ? Keep(OwnSecondMoment) : null;
            update = UpdateLaunch.Create<TRule>(
                arena.Device, new Region(arena.Weights), new Region(gradients), states,
                kept is null && SecondMoment is not null ? new Region(SecondMoment) : null);
            gradientNorm = SumLaunch<NoSettings>.Create<SquareTerm>(arena.Device, new Region(gradients));
            ForwardWeights = sample ?? arena.Weights;
            if (settings.Posterior is { } posterior)
            {
                precision = states[IndexOf(names, posterior.Precision)].Buffer;
                _ = IndexOf(names, posterior.Sample);
                perturb = PerturbLaunch.Create<GaussianNoise>(
                    arena.Device, new Region(arena.Weights), new Region(precision), new Region(gradients),
                    new Region(ForwardWeights));
            }

            if (settings.Algorithm is not null)
            {
                // Line 8 looks at the last step's gradient.
                arrays.Add((LastGradient, gradients));
                ForwardWeights = Own();
                perturb = settings.Perturbation(
                    arena.Device, new Region(arena.Weights), new Region(SecondMoment!), new Region(gradients),
                    new Region(ForwardWeights));
            }

            if (settings.Second is { } second)
            {
                Region first = new(ForwardWeights);
                ForwardWeights = Own();
                pair = new TwoGradients(
                    arena.Device, new Region(arena.Weights), new Region(gradients), first, new Region(ForwardWeights), second);
            }

            ledger = StepLedger.TryCreate(arena.Device, gradientNorm, update, perturb);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override DeviceBuffer ForwardWeights { get; }

    /// <inheritdoc/>
    public override DeviceBuffer? SecondMoment { get; }

    /// <inheritdoc/>
    public override double? SecondMomentBeta { get; }

    /// <inheritdoc/>
    public override float[]? PosteriorDeviations() => PosteriorPrecisions() is { } precisions
        ? Array.ConvertAll(precisions, p => (float)(1 / Math.Sqrt(settings.Posterior!.Scale * p))) : null;

    /// <inheritdoc/>
    internal override float[]? PosteriorPrecisions() => precision is null ? null : new Region(precision).ToArray();

    /// <inheritdoc/>
    internal override PerturbSettings? NextPerturbation(int epoch) => settings.Algorithm is null ? null : Perturbation(epoch);

    /// <inheritdoc/>
    public override long Steps => steps;

    /// <inheritdoc/>
    internal override IReadOnlyList<(string Name, DeviceBuffer Buffer)> Arrays => arrays;

    /// <inheritdoc/>
    public override int Depth => ledger is null ? 1 : StepLedger.Capacity;

    /// <inheritdoc/>
    internal override OptimizerCounters Counters
    {
        get => new(steps, squaredChange, gradientScale);
        set
        {
            RequireNoneInFlight();
            ledger?.Reset();
            (steps, squaredChange, gradientScale) = value;
        }
    }

    /// <inheritdoc/>
    internal override long Bytes => (owned.Sum(buffer => buffer.Count) * sizeof(float)) + (pair?.Bytes ?? 0);

    /// <inheritdoc/>
    public override int Gradients => pair is null ? 1 : 2;

    /// <inheritdoc/>
    public override bool TryNextPoint()
    {
        if (pair is null || point == 2)
        {
            return false;
        }

        if (++point == 1)
        {
            // Running statistics are those of the first point.
            States?.Hold();
        }

        foreach (Launch launch in point == 1 ? pair.Next : pair.End)
        {
            launch.Run();
        }

        GC.KeepAlive(this);
        return point == 1;
    }

    /// <inheritdoc/>
    internal override void Restart()
    {
        point = 0;
        pair?.Start.Run();
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override void Perturb(int epoch)
    {
        if (perturb is not null)
        {
            if (ledger is null || !begun)
            {
                RequireNoneInFlight();
                ledger?.Reset();
                perturb.Settings = Perturbation(epoch);
            }

            perturb.Run();
        }

        Restart();
    }

    /// <inheritdoc/>
    public override bool TryUpdate(double learningRate, double? clipNorm = null)
    {
        RequireNoneInFlight();
        ledger?.Reset();
        gradientScale = 1;
        if (clipNorm is { } limit)
        {
            RequireLimit(limit);
            gradientNorm.Run();
            double norm = Math.Sqrt(gradientNorm.Result.Sum0);
            if (!double.IsFinite(norm))
            {
                return false;
            }

            gradientScale = norm > limit ? limit / norm : 1;
        }

        SetRule(++steps, learningRate);
        update.Run();
        GC.KeepAlive(this);
        squaredChange = update.SquaredChange;
        return double.IsFinite(squaredChange);
    }

    /// <inheritdoc/>
    public override void Begin(int epoch, double learningRate, double clipNorm)
    {
        if (begun || (ledger is null && waiting is not null))
        {
            throw new InvalidOperationException(
                begun ? "A step was begun already: submit it first." : "The last step was not completed.");
        }

        RequireLimit(clipNorm);
        (rate, limit, begun) = (learningRate, clipNorm, true);
        States?.Begin();
        if (ledger is not null)
        {
            perturb?.Settings = Perturbation(epoch);
            SetRule(steps + 1, learningRate);
            double numerator = settings.Algorithm is { } algorithm
                ? Rho.Numerator(algorithm.Beta1, algorithm.BiasCorrection, steps + 1) : 0;
            ledger.Begin(clipNorm, numerator);
            steps++;
        }
    }

    /// <inheritdoc/>
    public override bool Observe(Region loss, double share, bool first)
    {
        if (point > 0)
        {
            return true;
        }

        if (ledger is not null)
        {
            if (!observers.TryGetValue((loss, share, first), out Launch? observer))
            {
                observers[(loss, share, first)] = observer = ledger.Observe(loss, share, first);
            }

            observer.Run();
            return true;
        }

        loss.Read(scalar);
        observed = (first ? 0 : observed) + (scalar[0] * share);
        return float.IsFinite(scalar[0]);
    }

    /// <inheritdoc/>
    public override void Submit()
    {
        End();
        point = 0;
        if (States is { } states)
        {
            if (pair is not null)
            {
                states.Restore();
            }

            states.RunCheck();
            Observe(states.Zero, 1, first: false);
        }

        if (ledger is null)
        {
            long before = steps;
            StepEnd end = !float.IsFinite((float)observed) ? StepEnd.LossNotFinite
                : TryUpdate(rate, limit) ? StepEnd.Done
                : steps > before ? StepEnd.WeightsLost : StepEnd.GradientNotFinite;
            if (end == StepEnd.Done)
            {
                States?.Keep();
                Average?.Move();
            }

            waiting = new StepOutcome(observed, squaredChange, gradientScale, end);
            return;
        }

        gradientNorm.Run();
        ledger.Check.Run();
        update.Run();
        ledger.Close.Run();
        foreach (Launch launch in Keeping())
        {
            launch.Run();
        }

        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override Launch? Program(IReadOnlyList<Launch> pass, Region loss)
    {
        if (ledger is null)
        {
            return null;
        }

        List<Launch> parts = perturb is null ? [] : [perturb];
        if (pair is not null)
        {
            parts.Add(pair.Start);
        }

        parts.AddRange([.. pass, ledger.Observe(loss, 1, first: true)]);
        if (pair is not null)
        {
            parts.AddRange([.. States?.Holding ?? [], .. pair.Next, .. pass, .. States?.Restoring ?? [], .. pair.End]);
        }

        if (States is { } states)
        {
            parts.AddRange([.. states.Check, ledger.Observe(states.Zero, 1, first: false)]);
        }

        parts.AddRange([gradientNorm, ledger.Check, update, ledger.Close]);
        parts.AddRange(Keeping());
        return arena.Device.Record([.. parts.Select(launch => new Borrowed(launch))]);
    }

    /// <inheritdoc/>
    public override void Run(Launch program)
    {
        ArgumentNullException.ThrowIfNull(program);
        End();
        program.Run();
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public override StepOutcome Complete()
    {
        if (ledger is null)
        {
            StepOutcome one = waiting ?? throw new InvalidOperationException("No step was submitted.");
            waiting = null;
            return one;
        }

        long step = steps - ledger.Pending + 1;
        StepOutcome outcome = ledger.Complete();
        if (outcome.End is StepEnd.Done or StepEnd.WeightsLost)
        {
            (squaredChange, gradientScale) = (outcome.SquaredChange, outcome.GradientScale);
        }

        if (outcome.End != StepEnd.Done)
        {
            steps = outcome.End == StepEnd.WeightsLost ? step : step - 1;
            ledger.Reset();
        }

        return outcome;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        ledger?.Dispose();
        update?.Dispose();
        perturb?.Dispose();
        pair?.Dispose();
        gradientNorm?.Dispose();
        owned.ForEach(buffer => buffer.Dispose());
    }

    /// <summary>What a step of the ledger leaves beside the weights, behind its end and where that is good.</summary>
    private IEnumerable<Launch> Keeping()
    {
        if (States is not null)
        {
            yield return keepStates ??= ledger!.Keep(States.Next, States.Committed);
        }

        if (Average is not null)
        {
            foreach (Launch launch in Average.Make)
            {
                yield return launch;
            }

            yield return keepAverage ??= ledger!.Keep(Average.Next, Average.Kept);
        }
    }

    private static void RequireLimit(double clipNorm)
    {
        if (!double.IsPositiveInfinity(clipNorm))
        {
            SinglePrecision.Positive(clipNorm, "The gradient's largest norm");
        }
    }

    private void End() => begun = begun ? false : throw new InvalidOperationException("No step was begun.");

    private void RequireNoneInFlight()
    {
        if (ledger is { Pending: > 0 })
        {
            throw new InvalidOperationException($"{ledger.Pending} steps are in flight: complete them first.");
        }
    }

    /// <summary>The settings of the next perturbation, by the numbers of the last step that the host knows.</summary>
    private PerturbSettings Perturbation(int epoch) => settings.Posterior is { } posterior
        ? PerturbSettings.Posterior(
            posterior.Scale, new PhiloxDraw(settings.Seed, PerturbationStream, (uint)steps))
        : settings.Algorithm!.Settings(
            epoch, steps, steps == 0 ? 0 : Math.Sqrt(squaredChange), settings.Seed, PerturbationStream, (uint)steps,
            gradientScale);

    /// <summary>Sets the update, the step counted from 1.</summary>
    private void SetRule(long step, double learningRate) =>
        update.Settings = new(rule(step, learningRate), gradientScale, SecondMomentBeta ?? 0);

    private DeviceBuffer Keep(string name)
    {
        DeviceBuffer buffer = Own();
        if (settings.InitialState(name) is not 0 and var initial)
        {
            float[] values = new float[buffer.Count];
            Array.Fill(values, (float)initial);
            buffer.Write(0, values);
        }

        arrays.Add((name, buffer));
        return buffer;
    }

    private DeviceBuffer Own()
    {
        DeviceBuffer buffer = arena.Device.Allocate(arena.Count, "the optimizer's state");
        owned.Add(buffer);
        return buffer;
    }

    private static int IndexOf(IReadOnlyList<string> names, string state)
    {
        int index = names.TakeWhile(name => name != state).Count();
        return index < names.Count ? index : throw new ArgumentException(
            $"{typeof(TRule).Name} has no state '{state}': it has {string.Join(", ", names)}.");
    }

    /// <summary>The rule's names, which become those of a checkpoint's arrays.</summary>
    private static IReadOnlyList<string> RequireNames()
    {
        IReadOnlyList<string> names = TRule.StateNames;
        if (names.Count > States<Float1>.Most)
        {
            throw new ArgumentException(
                $"{typeof(TRule).Name} keeps {names.Count} numbers a parameter, but at most {States<Float1>.Most} can be kept.");
        }

        return names.FirstOrDefault(
            name => name is OwnSecondMoment or LastGradient or "" || !name.All(char.IsAsciiLetterOrDigit)) is { } bad
            ? throw new ArgumentException(
                $"{typeof(TRule).Name} has a state '{bad}', but names are of letters and digits, and {OwnSecondMoment} and " +
                $"{LastGradient} are Algorithm 1's.")
            : names.Distinct().Count() == names.Count ? names
            : throw new ArgumentException($"{typeof(TRule).Name} has two states of one name: {string.Join(", ", names)}.");
    }

    /// <summary>A launch that another owns, within a sequence that is disposed of before it.</summary>
    private sealed class Borrowed(Launch launch) : Launch
    {
        public override bool MayBeRecorded => launch.MayBeRecorded;

        public override void Run() => launch.Run();
    }
}
