using PacGen.Kernels;

namespace PacGen.Tests.Kernels;

internal sealed class Conv2dShapeTests
{
    [Test]
    public void The_output_has_a_place_for_each_window()
    {
        Assert.That(new Conv2d().Infer([new(16, 28, 28, 1), new(5, 5, 1, 10)]), Is.EqualTo(new Shape(16, 24, 24, 10)));
        Assert.That(new Conv2d(2, 1).Infer([new(1, 8, 7, 3), new(3, 3, 3, 4)]), Is.EqualTo(new Shape(1, 4, 4, 4)));
        Assert.That(new Conv2dInputGradient(new(2, 1), 8, 7).Infer([new(1, 4, 4, 4), new(3, 3, 3, 4)]), Is.EqualTo(new Shape(1, 8, 7, 3)));
        Assert.That(new Conv2dWeightGradient(new(2, 1), 3, 3).Infer([new(1, 8, 7, 3), new(1, 4, 4, 4)]), Is.EqualTo(new Shape(3, 3, 3, 4)));
    }

    [Test]
    public void Shapes_that_do_not_fit_are_both_named()
    {
        Refuses(new Conv2d(), new Shape(2, 8, 8, 3), new Shape(3, 3, 4, 5));
        Refuses(new Conv2d(), new Shape(2, 2, 8, 3), new Shape(3, 3, 3, 5));
        Refuses(new Conv2d(), new Shape(2, 8, 8), new Shape(3, 3, 3, 5));
        Refuses(new Conv2dInputGradient(new(1, 0), 8, 8), new Shape(2, 8, 8, 5), new Shape(3, 3, 3, 5));
        Refuses(new Conv2dInputGradient(new(1, 0), 8, 8), new Shape(2, 6, 6, 4), new Shape(3, 3, 3, 5));
        Refuses(new Conv2dWeightGradient(new(1, 0), 3, 3), new Shape(2, 8, 8, 3), new Shape(1, 6, 6, 5));
        Refuses(new Conv2dWeightGradient(new(1, 0), 3, 3), new Shape(2, 8, 8, 3), new Shape(2, 6, 7, 5));
        Assert.That(() => new Conv2d(0).Infer([new(2, 8, 8, 3), new(3, 3, 3, 5)]), Throws.TypeOf<ShapeException>());
        Assert.That(() => new Conv2d().Infer([new(2, 8, 8, 3)]), Throws.TypeOf<ShapeException>());
    }

    private static void Refuses(Operation operation, Shape first, Shape second) =>
        Assert.That(
            () => operation.Infer([first, second]),
            Throws.TypeOf<ShapeException>().With.Message.Contains(first.ToString()).And.Message.Contains(second.ToString()));
}
