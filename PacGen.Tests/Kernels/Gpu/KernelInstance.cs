using System.Reflection;
using PacGen.Core.Perturbation;
using PacGen.Kernels;
using PacGen.Kernels.Map;
using PacGen.Kernels.Map.Functions;
using PacGen.Kernels.PerParameter;

namespace PacGen.Tests.Kernels.Gpu;

/// <summary>A GPU kernel closed over the types that some model or measure uses.</summary>
/// <param name="Name">Its name for people.</param>
/// <param name="Method">The kernel.</param>
/// <param name="IsWide">Whether it reads all its memory 16 bytes at a time, but at ends.</param>
/// <param name="Fewest">The bytes of an element's or a parameter's inputs and outputs; 0 for products.</param>
internal sealed record KernelInstance(string Name, MethodInfo Method, bool IsWide, int Fewest = 0)
{
    private static readonly Type[] Tiles = [typeof(Tile128), typeof(Tile64), typeof(Tile128By32)];
    private static readonly Type[] Sums = [typeof(SingleSums), typeof(Tf32Sums)];

    /// <summary>The kernels that work element by element.</summary>
    public static IReadOnlyList<KernelInstance> Elementwise =>
    [
        Of("map x + y", MapGpu<Apply<Add, Argument0, Argument1>>.Quads, 12),
        Of("map relu(x + y)", MapGpu<Apply<Relu, Apply<Add, Argument0, Argument1>>>.Quads, 12),
        Of("map x · sigmoid(y) · log(z)", MapGpu<Apply<Multiply, Apply<Sigmoid, Apply<Add, Argument0, Argument1>>, Apply<Log, Argument2>>>.Quads, 16),
        Of("perturb, uniform", PerturbGpu<UniformNoise>.Kernel, 16),
        Of("perturb, truncated Gaussian", PerturbGpu<TruncatedGaussianNoise>.Kernel, 16),
        Of("noise, uniform, one level", NoiseGpu<UniformNoise, OneLevel>.Kernel, 8),
        Of("noise, truncated Gaussian, own levels", NoiseGpu<TruncatedGaussianNoise, OwnLevels>.Kernel, 12),
        Of("noise, Gaussian, one level", NoiseGpu<GaussianNoise, OneLevel>.Kernel, 8),
        Of("update, SGD", UpdateGpu<SgdRule, WithoutSecondMoment>.Kernel, 12),
        Of("update, SGD, h", UpdateGpu<SgdRule, WithSecondMoment>.Kernel, 20),
        Of("update, momentum, h", UpdateGpu<MomentumRule, WithSecondMoment>.Kernel, 28),
        Of("update, Nesterov, h", UpdateGpu<NesterovRule, WithSecondMoment>.Kernel, 28),
        Of("update, Adam", UpdateGpu<AdamRule, WithoutSecondMoment>.Kernel, 28),
        Of("update, Adam, h", UpdateGpu<AdamRule, WithSecondMoment>.Kernel, 36),
        Of("update, AdamW", UpdateGpu<AdamWRule, WithoutSecondMoment>.Kernel, 28),
        Of("Ψ", PacGen.Kernels.PerParameter.ReduceGpu<PsiTerms, PsiSettings>.Kernel, 8),
        Of("the curvature's change", PacGen.Kernels.PerParameter.ReduceGpu<CurvatureChangeTerms, PerturbSettings>.Kernel, 12),
        Of("Lemma 6's sums", PacGen.Kernels.PerParameter.ReduceGpu<UniformBoundTerms, UniformBoundSettings>.Kernel, 8),
        Of("Lemma 8's sums", PacGen.Kernels.PerParameter.ReduceGpu<GaussianBoundTerms, GaussianBoundSettings>.Kernel, 8),
    ];

    /// <summary>The matrix product's four cases and the convolution's three passes, with every tile and width.</summary>
    public static IEnumerable<KernelInstance> Products
    {
        get
        {
            foreach (Type sums in Sums)
            {
                foreach (Type tile in Tiles)
                {
                    foreach (Type a in (Type[])[typeof(Wide), typeof(Narrow)])
                    {
                        foreach (Type b in (Type[])[typeof(Wide), typeof(Narrow)])
                        {
                            yield return Product("A·B", Matrix(typeof(AlongTerms), a), Matrix(typeof(AlongOuter), b));
                            yield return Product("Aᵀ·B", Matrix(typeof(AlongOuter), a), Matrix(typeof(AlongOuter), b));
                            yield return Product("A·Bᵀ", Matrix(typeof(AlongTerms), a), Matrix(typeof(AlongTerms), b));
                            yield return Product("Aᵀ·Bᵀ", Matrix(typeof(AlongOuter), a), Matrix(typeof(AlongTerms), b));
                            yield return Product("convolution", Windows(typeof(AlongTerms), a), Matrix(typeof(AlongOuter), b));
                            yield return Product("convolution by images", Windows(typeof(AlongTerms), a), typeof(TurnedWeightSource<>).MakeGenericType(b));
                            yield return Product("convolution by weights", Windows(typeof(AlongOuter), a), Matrix(typeof(AlongOuter), b));

                            KernelInstance Product(string name, Type sourceA, Type sourceB) => new(
                                $"{(sums == typeof(Tf32Sums) ? "TF32 " : "")}{name}, {tile.Name[4..].Replace("By", " × ", StringComparison.Ordinal)}, {a.Name} {b.Name}",
                                (MethodInfo)typeof(ProductGpu<,,,>).MakeGenericType(sourceA, sourceB, tile, sums).GetProperty("Method")!.GetValue(null)!,
                                a == typeof(Wide) && b == typeof(Wide));
                        }
                    }
                }
            }

            yield return new("sum of a product's parts", ((Delegate)SplitSumGpu.Quads).Method, true);
        }
    }

    public override string ToString() => Name;

    private static KernelInstance Of(string name, Delegate kernel, int bytes) => new(name, kernel.Method, true, bytes);

    private static Type Matrix(Type order, Type width) => typeof(MatrixSource<,>).MakeGenericType(order, width);

    private static Type Windows(Type order, Type width) => typeof(WindowSource<,>).MakeGenericType(order, width);
}
