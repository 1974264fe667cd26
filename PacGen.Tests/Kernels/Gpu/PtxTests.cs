using PacGen.Kernels.Gpu;
using PacGen.Kernels.Map;

namespace PacGen.Tests.Kernels.Gpu;

internal sealed class PtxTests
{
    [Test]
    public void X()
    {
        string ptx = PtxListing.Of(((Delegate)MapGpu<Apply<Multiply, Apply<Add, Argument0, Argument1>, Apply<Relu, Argument2>>>.Straight).Method);
        File.WriteAllText("/tmp/straight.ptx", ptx);
        ptx = PtxListing.Of(((Delegate)MapGpu<Apply<Multiply, Apply<Add, Argument0, Argument1>, Apply<Exp, Argument2>>>.Strided).Method);
        File.WriteAllText("/tmp/strided.ptx", ptx);
    }
}
