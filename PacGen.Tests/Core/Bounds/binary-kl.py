# Writes binary-kl.csv, the values that BinaryKlTests compares with, by arithmetic of 3,000 bits.
#
#     pip install mpmath
#     python3 binary-kl.py > binary-kl.csv
#
# Columns: q, B, the upper inverse p and 1 - p, the lower inverse p and 1 - p; then kl(q||p) for the upper inverse
# rounded to double.
from mpmath import mp, mpf, log, exp

mp.prec = 3000
EPS = 2.0 ** -53
QS = [0.0, 5e-324, 1e-300, 1e-100, 1e-16, 1e-8, 1e-3, 0.01, 0.05, 0.25, 0.5, 0.75, 0.9, 0.999, 1 - 1e-8, 1 - 1e-12, 1 - EPS, 1.0]
BS = [1e-300, 1e-30, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 0.03, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1e3]


def xlog(x, y):
    return mpf(0) if x == 0 else x * log(x / y)


def kl_c(q, c):  # kl(q || 1 - c)
    return xlog(q, 1 - c) + xlog(1 - q, c)


def upper_complement(q, b):
    """1 - p of the upper inverse: Newton's method from above for t = ln((1-q)/(1-p)), in which kl is convex with
    derivative 1 - q/p."""
    r = 1 - q
    if r == 0:
        return mpf(0)
    if q == 0:
        return exp(-b)
    if b / r > 2000:
        return mpf(0)
    t = (b - q * log(q)) / r
    while True:
        c = r * exp(-t)
        step = (kl_c(q, c) - b) / (1 - q / (1 - c))
        t -= step
        if abs(step) < t * mpf(10) ** -30:
            return r * exp(-t)


def text(x):
    return mp.nstr(x, 25, min_fixed=1, max_fixed=0)


for q in QS:
    for b in BS:
        upper = upper_complement(mpf(q), mpf(b))
        lower = upper_complement(1 - mpf(q), mpf(b))
        rounded = float(1 - upper)
        if rounded == 1 and q < 1:
            kl = "Infinity"
        elif rounded == q:
            kl = text(mpf(0))
        else:
            kl = text(xlog(mpf(q), mpf(rounded)) + xlog(1 - mpf(q), 1 - mpf(rounded)))
        print(",".join([repr(q), repr(b), text(1 - upper), text(upper), text(lower), text(1 - lower), repr(rounded), kl]))
