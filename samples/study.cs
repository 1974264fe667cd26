#:project ../PacGen.Nn/PacGen.Nn.csproj
#:property PublishAot=false
// Which numbers follow the gap of your networks? One for each batch size: dotnet run samples/study.cs
using PacGen.Core.Statistics;
using PacGen.Nn;

string[] tried = ["pacgen-score", "trace", "largest-eigenvalue", "parameter-norm", "path-norm", "margin", "fisher-rao-norm"];
Measure[] measures = [.. Measures.All.Where(measure => tried.Contains(measure.Name))];
List<(double Gap, double[] Values)> networks = [];
foreach (int batch in new[] { 8, 16, 32, 64, 128, 256 })
{
    Mlp model = new(64, 32, 10);
    using Trainer trainer = new(model, Datasets.Digits(), new Sgd(0.1), new TrainingOptions { Epochs = 30, BatchSize = batch });
    using EmpiricalLoss subject = new(model, trainer.Arena, Datasets.Digits().Train);
    Console.WriteLine(trainer.Run()[^1]);
    networks.Add((trainer.Results[^1].Gap, [.. measures.Select(measure => measure.Of(subject, 1, null, default).Value)]));
}
for (int i = 0; i < measures.Length; i++)   // +1: orders all as their gaps; a measure of which larger is better should have −1
    Console.WriteLine(
        $"{measures[i].Name}: τ = " +
        $"{KendallTau.Of([.. networks.Select(network => network.Values[i])], [.. networks.Select(network => network.Gap)]):F2}");
