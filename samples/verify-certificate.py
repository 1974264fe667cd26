#!/usr/bin/env python3
"""Recomputes a certificate from its recorded losses and KL, without PacGen.

    pacgen certify --output certificate.json && python3 samples/verify-certificate.py certificate.json
    pacgen certify --stages 4 --output c.json --save mixture && python3 samples/verify-certificate.py c.json mixture/stage-*

Reads what `pacgen certify --output` wrote, of any method, and computes every bound again by other means: inverses of kl by
bisection, xi(n) by its binomial sum, binomial tails term by term. Prints each beside the recorded one; exit code 1 where they
differ by more than 1e-9. Of a progressive certificate it also checks the chain: that parts of the images are disjoint and in
their order, each stage goes on from the former's weights, priors are over networks that had not seen the part, distributions
sum to 1 and have the KL that is stated, the shares and delta. Files of stages that follow are held against their hashes. Errors,
the posterior's KL and draws are taken from the file.
"""
import hashlib
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


def chain(run, check):
    """Whether every network was fixed before the images that it is tested on: counts, hashes, distributions, delta."""
    stages, at, known, shares = run["stages"], run["priorImages"], [], {}
    n = sum(stage["images"] for stage in stages)
    for number, stage in enumerate(stages, 1):
        name = f"stage {number}"
        check(f"{name} begins", stage["trainedOn"], at)
        at += stage["images"]
        check(f"{name} goes on", stage["startsFrom"] == (known[-1] if known else None), True)
        known.append(stage["hash"])
        # The prior and the posterior are over networks that had not seen this part: this stage's and former ones.
        for weights in (stage["prior"], stage["posterior"]):
            check(f"{name} networks", [one["hash"] for one in weights], known)
            check(f"{name} sums to", math.fsum(one["weight"] for one in weights), 1.0)
        pairs = [(q["weight"], p["weight"]) for q, p in zip(stage["posterior"], stage["prior"])]
        check(f"{name} KL", stage["kl"], max(0.0, math.fsum(q * math.log(q / p) for q, p in pairs if q > 0)))
        for one in stage["posterior"]:
            shares[one["hash"]] = shares.get(one["hash"], 0.0) + one["weight"] * stage["images"] / n
        check(f"{name} parts", len(stage["errorsByPart"]), len(stages) - number + 1)
        check(f"{name} errors", stage["errors"], stage["errorsByPart"][0])
    for number, stage in enumerate(stages, 1):
        check(f"stage {number} share", stage["share"], shares[stage["hash"]])
    check("n", run["boundImages"], n)
    check("delta in all", 1 - run["jointConfidence"], run["zeroOne"]["delta"] + run["crossEntropy"]["delta"])


def network_hash(path):
    """SHA-256 of the arrays of a safetensors file, in the file's order."""
    with open(path, "rb") as file:
        file.seek(8 + int.from_bytes(file.read(8), "little"))
        return hashlib.sha256(file.read()).hexdigest()


def progressive(run, check):
    chain(run, check)
    stages, delta = run["stages"], 1 - run["confidence"]
    n = sum(stage["images"] for stage in stages)
    divergence = math.fsum(stage["kl"] for stage in stages)

    def mean(counts, scale):
        return math.fsum(one["weight"] * stages[s][counts][t - s] * scale(stage)
                         for t, stage in enumerate(stages) for s, one in enumerate(stage["posterior"])) / n

    losses = {"zeroOne": mean("errorsByPart", lambda _: 1),
              "crossEntropy": mean("crossEntropyByPart", lambda stage: stage["images"])}
    for name, guess in (("zeroOne", run["guideLoss"]), ("crossEntropy", run["guideCrossEntropy"])):
        # C from the guide's loss, by the minimum of Catoni's bound there.
        q = min(max(guess, 0.5 / n), 1 - 0.5 / n)
        p = kl_inverse(q, -math.log(delta) / n)
        c = min(40.0, math.log(p / q) + math.log((1 - q) / (1 - p)))
        bound = -math.expm1(-c * losses[name] + (math.log(delta) - divergence) / n) / -math.expm1(-c)
        check(name, run[name]["certificate"], min(bound, 1.0))
    for t, stage in enumerate(stages):
        limit = binomial_limit(sum(stage["errorsByPart"]), sum(one["images"] for one in stages[t:]), delta / len(stages))
        best = limit if t == 0 else min(best, limit)
    check("bestStage", run["bestStage"]["certificate"], best)
    check("heldOut", run["heldOut"]["certificate"], binomial_limit(sum(stages[0]["errorsByPart"]), n, delta))
    if run["control"]:
        held = run["control"]["test"]["terms"]
        check("control", run["control"]["test"]["certificate"], binomial_limit(round(held["errors"]), n, delta))
    for number, path in enumerate(sys.argv[2:], 1):
        check(f"file {number}", network_hash(path), stages[number - 1]["hash"])


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
        number = isinstance(computed, float)
        same = abs(recorded - computed) <= 1e-9 * max(1.0, computed) if number else recorded == computed
        good = good and same
        if number:
            print(f"{name:16} recorded {recorded:.12f}  computed {computed:.12f}  {'same' if same else 'DIFFERENT'}")
        elif not same:
            print(f"{name:16} recorded {recorded}  computed {computed}  DIFFERENT")

    (progressive if run["method"] == "progressive" else posterior)(run, check)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
