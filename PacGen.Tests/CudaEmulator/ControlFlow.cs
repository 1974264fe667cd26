using System.Text.RegularExpressions;

namespace PacGen.Tests.CudaEmulator;

/// <summary>
/// Puts the blocks of a kernel's body in an order in which lanes that parted at a branch meet again as soon as they can, when
/// those that are furthest behind go first: each block behind those that lead to it, a loop's before what follows the loop.
/// </summary>
internal sealed partial class ControlFlow
{
    private readonly List<Block> blocks = [];
    private readonly Dictionary<string, int> labels = new(StringComparer.Ordinal);

    private ControlFlow(IReadOnlyList<PtxStatement> statements)
    {
        bool isOpen = false;
        foreach (PtxStatement statement in statements.Where(statement => !IsDeclaration(statement)))
        {
            if (statement.IsLabel || !isOpen)
            {
                blocks.Add(new Block());
                isOpen = true;
            }

            if (statement.IsLabel)
            {
                labels.Add(statement.Text, blocks.Count - 1);
            }

            blocks[^1].Statements.Add(statement);
            isOpen = !Ending().IsMatch(statement.Text) || statement.IsLabel;
        }

        for (int i = 0; i < blocks.Count; i++)
        {
            Match ending = blocks[i].Statements is [.., { IsLabel: false } last] ? Ending().Match(last.Text) : Match.Empty;
            bool always = ending.Success && !ending.Groups[1].Success;
            blocks[i].Next = !always && i + 1 < blocks.Count ? i + 1 : null;
            if (ending.Groups[3].Success && labels.TryGetValue(ending.Groups[3].Value, out int target))
            {
                blocks[i].Target = target;
            }
        }
    }

    /// <summary>The same body in that order; what is never reached is left out.</summary>
    public static IReadOnlyList<PtxStatement> Order(IReadOnlyList<PtxStatement> statements)
    {
        ControlFlow flow = new(statements);
        if (flow.blocks.Count == 0)
        {
            return statements;
        }

        flow.FindLoops();
        List<int> order = flow.PostOrder();
        order.Reverse();
        List<PtxStatement> result = [.. statements.Where(IsDeclaration)];
        for (int i = 0; i < order.Count; i++)
        {
            Block block = flow.blocks[order[i]];
            if (block.Statements is not [{ IsLabel: true }, ..])
            {
                result.Add(new PtxStatement(Made(order[i]), block.Statements[0].Line, true));
            }

            result.AddRange(block.Statements);
            if (block.Next is { } next && (i + 1 == order.Count || order[i + 1] != next))
            {
                string label = flow.blocks[next].Statements is [{ IsLabel: true } first, ..] ? first.Text : Made(next);
                result.Add(new PtxStatement($"bra {label}", block.Statements[^1].Line, false));
            }
            else if (block.Next is null && block.Target is null && !Ending().IsMatch(block.Statements[^1].Text))
            {
                result.Add(new PtxStatement("ret", block.Statements[^1].Line, false));
            }
        }

        return result;
    }

    private static string Made(int block) => $"$block{block}";

    private static bool IsDeclaration(PtxStatement statement) => !statement.IsLabel && statement.Text[0] == '.';

    // In how many loops each block is: those of the edges that lead back to a block which leads to their start in any case.
    private void FindLoops()
    {
        List<int> order = PostOrder();
        int[] places = new int[blocks.Count], dominators = new int[blocks.Count];
        Array.Fill(places, -1);
        Array.Fill(dominators, -1);
        List<int>[] before = [.. blocks.Select(_ => new List<int>())];
        for (int i = 0; i < order.Count; i++)
        {
            places[order[i]] = i;
            foreach (int behind in blocks[order[i]].Behind)
            {
                before[behind].Add(order[i]);
            }
        }

        dominators[0] = 0;
        for (bool changed = true; changed;)
        {
            changed = false;
            foreach (int block in Enumerable.Reverse(order).Where(block => block != 0))
            {
                int common = before[block].Where(one => dominators[one] >= 0).Aggregate(Common);
                changed |= dominators[block] != common;
                dominators[block] = common;
            }
        }

        Dictionary<int, HashSet<int>> loops = [];
        foreach (int block in order)
        {
            foreach (int head in blocks[block].Behind.Where(head => Leads(head, block)))
            {
                HashSet<int> body = loops.TryGetValue(head, out HashSet<int>? known) ? known : loops[head] = [head];
                Stack<int> open = new([block]);
                while (open.TryPop(out int inside))
                {
                    if (body.Add(inside))
                    {
                        before[inside].ForEach(open.Push);
                    }
                }
            }
        }

        foreach (int block in loops.Values.SelectMany(body => body))
        {
            blocks[block].Depth++;
        }

        int Common(int a, int b)
        {
            while (a != b)
            {
                (a, b) = places[a] < places[b] ? (dominators[a], b) : (a, dominators[b]);
            }

            return a;
        }

        bool Leads(int head, int block)
        {
            while (block != head && block != 0)
            {
                block = dominators[block];
            }

            return block == head;
        }
    }

    // Each block before those that lead to it, but for edges that lead back; of two that follow one, what is outside of a loop
    // first.
    private List<int> PostOrder()
    {
        List<int> order = [];
        HashSet<int> seen = [0];
        Stack<(int Block, Queue<int> Left)> path = new([(0, Following(0))]);
        while (path.TryPeek(out (int Block, Queue<int> Left) at))
        {
            if (!at.Left.TryDequeue(out int next))
            {
                order.Add(path.Pop().Block);
            }
            else if (seen.Add(next))
            {
                path.Push((next, Following(next)));
            }
        }

        return order;
    }

    private Queue<int> Following(int block) => new(blocks[block].Behind.OrderBy(next => blocks[next].Depth));

    // A guard, and a branch's label.
    [GeneratedRegex(@"^(@\S+ )?(?:(bra(?:\.uni)?) (\S+)|ret|exit|trap)$")]
    private static partial Regex Ending();

    private sealed class Block
    {
        public List<PtxStatement> Statements { get; } = [];

        public int? Next { get; set; }

        public int? Target { get; set; }

        public int Depth { get; set; }

        public IEnumerable<int> Behind => new[] { Target, Next }.OfType<int>().Distinct();
    }
}
