// The documentation site: the pages of docs, the API's from XML comments, the program's help, and the sources that pages
// point at.

using System.Text.RegularExpressions;

const string Pages = "artifacts/site-pages", Site = "artifacts/site";

// A Markdown link to a file: what shows that it is a picture, its text, the file, a place in it.
const string Link = @"(!?)\[([^\]\n]*(?:\n[^\]\n]*)?)\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)";

Task("Site")
    .Description("Builds the documentation site in artifacts/site; `dotnet docfx serve artifacts/site` shows it, offline too.")
    .IsDependentOn("Build")
    .Does(() =>
    {
        foreach (var folder in new[] { Pages, Site })
        {
            EnsureDirectoryDoesNotExist(folder, new DeleteDirectorySettings { Recursive = true, Force = true });
        }

        StagePages();
        WriteCommandLine();
        RunDocfx("metadata docs/site/docfx.json --logLevel error");
        RunDocfx("build docs/site/docfx.json --logLevel warning --warningsAsErrors");
        CheckLinks();
    });

void RunDocfx(string arguments)
{
    if (StartProcess("dotnet", new ProcessSettings { Arguments = $"docfx {arguments}" }) != 0)
    {
        throw new CakeException($"docfx {arguments.Split(' ')[0]} found what is above.");
    }
}

// Pages keep their places; what they link to besides becomes a page that shows it, or, if it is a folder, no link.
void StagePages()
{
    var root = System.IO.Path.GetFullPath(".");
    var pages = System.IO.Directory.GetFiles("docs", "*.md", System.IO.SearchOption.AllDirectories)
        .Concat(new[] { "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md" }).ToList();
    var sources = new SortedSet<string>(StringComparer.Ordinal);
    foreach (var page in pages)
    {
        var folder = System.IO.Path.GetDirectoryName(page) is { Length: > 0 } own ? own : ".";
        Write(page, Regex.Replace(System.IO.File.ReadAllText(page), Link, link =>
        {
            var (text, to) = (link.Groups[2].Value, link.Groups[3].Value);
            var target = System.IO.Path.GetFullPath(System.IO.Path.Combine(folder, to));
            var name = System.IO.Path.GetRelativePath(root, target).Replace('\\', '/');
            if (System.IO.Directory.Exists(target))
            {
                return text;
            }

            if (name == "README.md")
            {
                return $"[{text}]({System.IO.Path.GetRelativePath(folder, "docs/index.md").Replace('\\', '/')})";
            }

            if (name.EndsWith(".md") && !pages.Contains(name))
            {
                sources.Add(name);
                return link.Value;
            }

            var isPage = name.EndsWith(".md") || name == "docs/command-line.md" || name.StartsWith("api");
            var isFile = name.StartsWith("docs/results/") || name == "docs/icon.png";
            if (isPage || isFile)
            {
                return isPage ? link.Value : link.Value.Replace(to, Renamed(to));
            }

            // DocFX passes over what begins with a point.
            if (!System.IO.File.Exists(target) || name.StartsWith('.'))
            {
                return text;
            }

            sources.Add(name);
            return $"{link.Groups[1].Value}[{text}]({to}.md)";
        }));
    }

    foreach (var source in sources)
    {
        var text = System.IO.File.ReadAllText(source);
        var language = System.IO.Path.GetExtension(source) switch { ".cs" or ".cake" => "csharp", ".py" => "python", _ => "" };
        var isPage = source.EndsWith(".md");
        Write(isPage ? source : $"{source}.md", isPage ? text : $"# {source}\n\n~~~~~~{language}\n{text}\n~~~~~~\n");
    }

    var files = System.IO.Directory.GetFiles("docs/results", "*", System.IO.SearchOption.AllDirectories)
        .Where(file => !file.EndsWith(".md")).Append("docs/icon.png");
    foreach (var file in files)
    {
        var copy = System.IO.Path.Combine(Pages, Renamed(file));
        System.IO.Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy));
        System.IO.File.Copy(file, copy);
        if (file.EndsWith(".html"))
        {
            Write(Renamed(file), Regex.Replace(System.IO.File.ReadAllText(file), "href=\"([\\w-]+)\\.md\"", "href=\"$1.html\""));
        }
    }

    Write("toc.yml", System.IO.File.ReadAllText("docs/site/toc.yml"));
    Write("index.md", "---\nredirect_url: docs/index.html\n---\n");
    Write("docs/results/toc.yml", string.Concat(pages.Where(page => page.StartsWith("docs/results/"))
        .OrderBy(page => page, StringComparer.Ordinal)
        .Select(page => $"- name: \"{Title(page)}\"\n  href: {System.IO.Path.GetFileName(page)}\n")));

    // A page that the menu does not know yet stands at its end.
    var guide = System.IO.File.ReadAllText("docs/site/guide.yml");
    var others = System.IO.Directory.GetFiles("docs", "*.md").OrderBy(page => page, StringComparer.Ordinal)
        .Where(page => !guide.Contains($"href: {System.IO.Path.GetFileName(page)}\n"))
        .Select(page => $"  - name: \"{Title(page)}\"\n    href: {System.IO.Path.GetFileName(page)}\n").ToList();
    Write("docs/toc.yml", guide + (others.Any() ? $"- name: More\n  items:\n{string.Concat(others)}" : ""));
}

string Title(string page) =>
    System.IO.File.ReadLines(page).First(line => line.StartsWith("# "))[2..].Replace("\"", "'");

// study.html lies beside study.md, which becomes a page of that name.
string Renamed(string file) => file.EndsWith(".html") ? $"{file[..^".html".Length]}-with-plots.html" : file;

void Write(string name, string text)
{
    var path = System.IO.Path.Combine(Pages, name);
    System.IO.Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path));
    System.IO.File.WriteAllText(path, text);
}

// What the program says of itself.
void WriteCommandLine()
{
    var verbs = new[]
    {
        "", "train", "score", "measure", "certify", "export", "study run", "study show", "study report", "study export",
        "figure 1", "figure 2", "figure 3", "figure 7", "experiment rescale", "experiment hyper", "experiment optimizers",
        "devices", "bench", "compare",
    };
    var page = new System.Text.StringBuilder("# Every option of the program\n\n");
    page.Append("`pacgen VERB --help` shows the main options, `pacgen help VERB --all` all of them, as this page does.\n");
    foreach (var verb in verbs)
    {
        StartProcess("dotnet", new ProcessSettings
        {
            Arguments = $"PacGen.Benchmarks/bin/{configuration}/net10.0/pacgen.dll help {verb} --all",
            RedirectStandardOutput = true,
        }, out var lines);
        page.Append($"\n## pacgen{(verb.Length > 0 ? $" {verb}" : "")}\n\n```\n{string.Join('\n', lines).TrimEnd()}\n```\n");
    }

    Write("docs/command-line.md", page.ToString());
}

// DocFX checks links between pages; this checks what came of them, with every picture, script and place within a page.
void CheckLinks()
{
    var root = System.IO.Path.GetFullPath(Site);
    var pages = System.IO.Directory.GetFiles(root, "*.html", System.IO.SearchOption.AllDirectories)
        .ToDictionary(page => page, System.IO.File.ReadAllText);
    var places = new Dictionary<string, HashSet<string>>();
    var broken = new List<string>();
    foreach (var (page, text) in pages)
    {
        foreach (Match link in Regex.Matches(text, "(?:href|src)=\"([^\"]*)\""))
        {
            var to = System.Net.WebUtility.HtmlDecode(link.Groups[1].Value);
            if (Regex.IsMatch(to, "^(?:[a-z]+:|//)") || to.Length == 0)
            {
                continue;
            }

            var parts = to.Split('#', 2);
            var file = parts[0].Length == 0 ? page : System.IO.Path.GetFullPath(System.IO.Path.Combine(
                System.IO.Path.GetDirectoryName(page), Uri.UnescapeDataString(parts[0].Split('?')[0])));
            file = System.IO.Directory.Exists(file) ? System.IO.Path.Combine(file, "index.html") : file;
            var isThere = System.IO.File.Exists(file);
            if (isThere && parts.Length > 1 && parts[1].Length > 0 && pages.TryGetValue(file, out var there))
            {
                if (!places.TryGetValue(file, out var ids))
                {
                    places[file] = ids = Regex.Matches(there, "\\b(?:id|name)=\"([^\"]*)\"")
                        .Select(id => id.Groups[1].Value).ToHashSet();
                }

                isThere = ids.Contains(parts[1]) || ids.Contains(Uri.UnescapeDataString(parts[1]));
            }

            if (!isThere)
            {
                broken.Add($"{System.IO.Path.GetRelativePath(root, page)} → {to}");
            }
        }
    }

    Information("{0} pages, {1} broken links", pages.Count, broken.Count);
    if (broken.Count > 0)
    {
        throw new CakeException($"Links that lead nowhere:\n{string.Join('\n', broken.Distinct().Take(50))}");
    }
}
