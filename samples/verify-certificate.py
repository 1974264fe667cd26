#!/usr/bin/env python3
"""Recomputes a certificate from its recorded losses and KL, without PacGen.

    pacgen certify --output certificate.json && python3 samples/verify-certificate.py certificate.json

Reads what `pacgen certify --output` wrote, of any method, and computes every bound again by other means: inverses of kl by
bisection, xi(n) by its binomial sum, binomial tails term by term. Prints each beside the recorded one; exit code 1 where they
differ by more than 1e-9. Errors, KL and draws are taken from the file.
"""
import json
import math
import sys


def kl(q, p):
    """The divergence of two coins."""
    first = q * math.log(q / p) if q > 0 else 0.0
    return first + ((1 - q) * math.log((1 - q) / (1 - p)) if q < 1 else 0.0)


def kl_inverse(q, budget):
    """The largest p with kl(q, p) <= budget."""
    if q >= 1:
        return 1.0
    low, high = q, 1.0
    for _ in range(300):
        middle = (low + high) / 2
        if middle <= q or middle >= 1:
            break
        low, high = (middle, high) if kl(q, middle) <= budget else (low, middle)
    return high


def log_binomial(n, k):
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def log_xi(n):
    """log of Maurer's sum over k of C(n,k) (k/n)^k (1-k/n)^(n-k)."""
    def term(k):
        a = k * math.log(k / n) if k else 0.0
        b = (n - k) * math.log(1 - k / n) if k < n else 0.0
        return math.exp(log_binomial(n, k) + a + b)
    return math.log(math.fsum(term(k) for k in range(n + 1)))


def binomial_limit(errors, n, delta):
    """The largest p with P(Bin(n, p) <= errors) >= delta."""
    if errors == n:
        return 1.0
    def tail(p):
        a, b = math.log(p), math.log1p(-p)
        return math.fsum(math.exp(log_binomial(n, k) + k * a + (n - k) * b) for k in range(errors + 1))
    low, high = errors / n or 1e-300, 1 - 1e-16
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) >= delta else (low, middle)
    return high


def progressive(run, check):
    n = sum(stage["images"] for stage in run["stages"])
    delta = 1 - run["confidence"]
    losses = {"zeroOne": sum(stage["errors"] for stage in run["stages"]) / n,
              "crossEntropy": math.fsum(stage["crossEntropy"] * stage["images"] for stage in run["stages"]) / n}
    for name, guess in (("zeroOne", run["guideLoss"]), ("crossEntropy", run["guideCrossEntropy"])):
        # C from the guide's loss, by the minimum of Catoni's bound there.
        q = min(max(guess, 0.5 / n), 1 - 0.5 / n)
        p = kl_inverse(q, -math.log(delta) / n)
        c = min(40.0, math.log(p / q) + math.log((1 - q) / (1 - p)))
        bound = -math.expm1(-c * losses[name] + math.log(delta) / n) / -math.expm1(-c)
        check(name, run[name]["certificate"], bound)
    held = run["heldOut"]["terms"]
    check("heldOut", run["heldOut"]["certificate"], binomial_limit(round(held["errors"]), round(held["n"]), delta))


def posterior(run, check):
    n, draws, delta, prime = run["boundImages"], run["draws"], run["delta"], run["deltaPrime"]
    kl_of_all, xi = run["kl"] + math.log(run["priorLevels"]), log_xi(n)
    beyond = run["parameters"] / 2.0 ** 32

    def limit(share, failure):
        return min(kl_inverse(share, -math.log(failure) / draws) + beyond, 1.0)

    for name in ("zeroOne", "crossEntropy"):
        sample = limit(run[name]["terms"]["q̂"], prime)
        check(name, run[name]["certificate"], kl_inverse(sample, (kl_of_all + xi - math.log(delta)) / n))
    errors = round(run["heldOut"]["terms"]["errors"])
    check("heldOut", run["heldOut"]["certificate"], binomial_limit(errors, n, delta + prime))
    budget = (kl_of_all + math.log(2) + xi - math.log(delta / 2)) / n
    right, wrong = run["rightAlone"] / draws, run["wrongAlone"] / draws
    excess = -1 + kl_inverse(limit(1 - right, prime / 2), budget) + kl_inverse(limit(wrong, prime / 2), budget)
    check("excess", run["excess"]["certificate"], min(1.0, binomial_limit(errors, n, delta / 2) + excess))
    drawn = run["oneDraw"]["terms"]
    ratio = drawn["log dQ/dπ(h)"] + xi - math.log(delta + prime - beyond)
    check("oneDraw", run["oneDraw"]["certificate"], kl_inverse(drawn["L̂(h)"], max(ratio / n, 0)))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        run = json.load(file)
    good = True

    def check(name, recorded, computed):
        nonlocal good
        same = abs(recorded - computed) <= 1e-9 * max(1.0, 1 / max(computed, 1e-9)) * computed
        good = good and same
        print(f"{name:14} recorded {recorded:.12f}  computed {computed:.12f}  {'same' if same else 'DIFFERENT'}")

    (progressive if run["method"] == "progressive" else posterior)(run, check)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
