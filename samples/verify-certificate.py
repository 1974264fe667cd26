#!/usr/bin/env python3
"""Recomputes a certificate from its recorded losses and KL, without PacGen.

    pacgen certify --output certificate.json && python3 samples/verify-certificate.py certificate.json
    pacgen certify --stages 4 --output c.json --save mixture && python3 samples/verify-certificate.py c.json mixture/stage-*

Reads what `pacgen certify --output` wrote, of any method, and computes every bound again by other means: inverses of kl by
bisection, xi(n) by its binomial sum, binomial tails term by term. Prints each beside the recorded one; exit code 1 where they
differ by more than 1e-9. Of a compressed network it decodes the message, holds the numbers against their hash, and the length
against the ideal code's. Of a progressive certificate it also checks the chain: that parts of the images are disjoint and in
their order, each stage goes on from the former's weights, priors are over networks that had not seen the part, distributions
sum to 1 and have the KL that is stated, the shares and delta. Files of stages that follow are held against their hashes. Errors,
the posterior's KL and draws are taken from the file.
"""
import base64
import hashlib
import json
import math
import struct
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


def binomial_limit(errors, n, delta, bits=0):
    """The largest p with P(Bin(n, p) <= errors) >= delta / 2^bits."""
    if errors == n:
        return 1.0
    ways = [log_binomial(n, k) for k in range(errors + 1)]
    def tail(p):
        a, b = math.log(p), math.log1p(-p)
        terms = [way + k * a + (n - k) * b for k, way in enumerate(ways)]
        most = max(terms)
        return most + math.log(math.fsum(math.exp(term - most) for term in terms))
    low, high, least = errors / n or 1e-300, 1 - 1e-16, math.log(delta) - bits * math.log(2)
    for _ in range(200):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if tail(middle) >= least else (low, middle)
    return high


class Message:
    """A string of bits, zeros behind its end."""

    def __init__(self, text, length):
        self.bits, self.at = "".join(f"{byte:08b}" for byte in base64.b64decode(text))[:length], 0

    def number(self, bits):
        value = int(self.bits[self.at:self.at + bits].ljust(bits, "0") or "0", 2)
        self.at += bits
        return value

    def gamma(self):
        zeros = 0
        while self.number(1) == 0:
            zeros += 1
            if zeros > 31:
                raise ValueError("the message holds no number where one should be")
        return (1 << zeros) | self.number(zeros)

    def symbols(self, count, k):
        """An arithmetic code of 32 bits, each symbol as often as it came, and once more."""
        seen, total, low, high = [1] * k, k, 0, 2 ** 32 - 1
        start, value, result = self.at, self.number(32), []
        for _ in range(count):
            span = high - low + 1
            place, below, symbol = ((value - low + 1) * total - 1) // span, 0, 0
            while place >= below + seen[symbol]:
                below, symbol = below + seen[symbol], symbol + 1
            high = low + span * (below + seen[symbol]) // total - 1
            low += span * below // total
            seen[symbol], total = seen[symbol] + 1, total + 1
            result.append(symbol)
            while True:
                away = 0 if high < 2 ** 31 else 2 ** 31 if low >= 2 ** 31 \
                    else 2 ** 30 if low >= 2 ** 30 and high < 3 * 2 ** 30 else None
                if away is None:
                    break
                low, high, value = 2 * (low - away), 2 * (high - away) + 1, 2 * (value - away) + self.number(1)
        ideal = math.lgamma(count + k) - math.lgamma(k) - math.fsum(math.lgamma(one) for one in seen)
        return result, start, ideal / math.log(2)


def compressed(run, network, check):
    """The message: how many numbers, their levels, which has which; its length; the bounds that follow from it."""
    message, n, delta = Message(network["message"], network["bits"]), run["boundImages"], run["delta"] + run["deltaPrime"]
    numbers, head, ideal = [], 1, 0.0
    count = message.gamma() - 1
    if count > 0:
        codebook, k = message.number(1), message.gamma()
        if codebook:
            levels = [struct.unpack("<e", struct.pack("<H", message.number(16)))[0] for _ in range(k)]
        else:
            e = message.number(6)
            step = math.ldexp(math.sqrt(2) if e % 2 else 1.0, e // 2 - 20)
            levels = [(j - (k - 1) / 2) * step for j in range(k)]
        indices, head, ideal = message.symbols(count, k) if k > 1 else ([0] * count, message.at, 0.0)
        numbers = [levels[index] for index in indices]
    check("numbers", network["numbers"], count)
    digest = hashlib.sha256(struct.pack(f"<{len(numbers)}f", *numbers)).hexdigest()
    check("numbers' hash", network["numbersHash"], digest)
    check("message's length", -1e-6 <= network["bits"] - head - ideal <= 3 or count == 0 == network["bits"] - 1, True)
    errors = round(network["zeroOne"]["terms"]["errors"])
    check("compressed", network["zeroOne"]["certificate"], binomial_limit(errors, n, delta, network["bits"]))
    entropy = network["crossEntropy"]
    check("its entropy", entropy["certificate"],
          kl_inverse(entropy["terms"]["L̂"], (network["bits"] * math.log(2) - math.log(delta)) / n))
    if network["test"]:
        held = network["test"]["terms"]
        check("its test", network["test"]["certificate"], binomial_limit(round(held["errors"]), round(held["n"]), delta))


def compare(run, values, check):
    """What each part of the certificate costs: values beside the recorded ones, costs from one to the next."""
    rows = run.get("comparison", [])
    for number, (row, value) in enumerate(zip(rows, values)):
        check(f"part {number + 1}", row["value"], value)
        check(f"part {number + 1} costs", row["cost"], value - (values[number - 1] if number else 0.0))


def between(loss, n, delta):
    """The exact limit, between whole numbers of errors by a straight line."""
    below = math.floor(loss * n + 1e-9)
    low, high = (binomial_limit(min(k, n), n, delta) for k in (below, below + 1))
    return low + max(loss * n - below, 0) * (high - low)


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
        if name == "zeroOne":
            fixed = -math.expm1(-c * losses[name] + math.log(delta) / n) / -math.expm1(-c)
            whole = n + run["priorImages"]
            compare(run, [losses[name], between(losses[name], whole, delta), between(losses[name], n, delta),
                          kl_inverse(losses[name], -math.log(delta) / n), min(fixed, 1.0), min(bound, 1.0)], check)
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
    if run.get("compressed"):
        compressed(run, run["compressed"], check)
    loss, whole, nats = run["zeroOne"]["terms"]["q̂"], n + run["priorImages"], -math.log(delta)
    compare(run, [loss, between(loss, whole, delta + prime), between(loss, n, delta + prime), between(loss, n, delta)]
            + [kl_inverse(loss, sums / n) for sums in (nats, nats + xi, nats + xi + math.log(run["priorLevels"]),
                                                       nats + xi + kl_of_all)]
            + [run["zeroOne"]["certificate"]], check)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        run = json.load(file)
    good = True

    def check(name, recorded, computed):
        nonlocal good
        number = isinstance(computed, float) and recorded is not None
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
