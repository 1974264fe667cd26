#!/usr/bin/env python3
"""Writes certificate-values.csv: bounds from (error, draws, KL, n, delta) in arithmetic of 50 digits, by mpmath.

    python3 certificate-values.py > certificate-values.csv

Inverses of kl by bisection, Maurer's constant by its binomial sum, binomial tails term by term. The first rows have the error, KL
and n of Dziugaite and Roy (2017), table 1; the others are of sizes that certificates here have.
"""
from mpmath import mp, mpf, log, exp, sqrt, fsum, loggamma, expm1

mp.dps = 50


def kl(q, p):
    return (q * log(q / p) if q else mpf(0)) + ((1 - q) * log((1 - q) / (1 - p)) if q < 1 else mpf(0))


def inverse(q, budget):
    low, high = q, mpf(1)
    for _ in range(170):
        middle = (low + high) / 2
        low, high = (middle, high) if kl(q, middle) <= budget else (low, middle)
    return high


def log_binomial(n, k):
    return loggamma(n + 1) - loggamma(k + 1) - loggamma(n - k + 1)


def xi(n):
    # Term by term from k = 0: C(n, k) (k/n)^k ((n-k)/n)^(n-k); symmetric in k and n - k.
    half = fsum(exp(log_binomial(n, k) + (k * log(mpf(k) / n) if k else 0) + (n - k) * log(mpf(n - k) / n))
                for k in range((n + 1) // 2))
    middle = exp(log_binomial(n, n // 2) + n * log(mpf(1) / 2)) if n % 2 == 0 else 0
    return 2 * half + middle


def binomial_limit(errors, n, delta):
    low, high = mpf(errors) / n, mpf(1) - mpf(10) ** -40
    for _ in range(170):
        middle = (low + high) / 2
        term = exp(n * log(1 - middle))
        total = term
        for k in range(errors):
            term *= middle / (1 - middle) * (n - k) / (k + 1)
            total += term
        low, high = (middle, high) if total >= delta else (low, middle)
    return high


ROWS = [
    ("0.028", 150000, "0.01", "5144", 55000, "0.025"), ("0.027", 150000, "0.01", "5977", 55000, "0.025"),
    ("0.027", 150000, "0.01", "5791", 55000, "0.025"), ("0.028", 150000, "0.01", "6534", 55000, "0.025"),
    ("0.029", 150000, "0.01", "8558", 55000, "0.025"), ("0.027", 150000, "0.01", "7861", 55000, "0.025"),
    ("0.0113", 120000, "0.01", "9.01", 30000, "0.025"), ("0.0447", 100660, "0.01", "1.88", 719, "0.025"),
    ("0.0081", 1000000, "0.001", "0.129", 30000, "0.035"), ("0.35", 20000, "0.01", "60", 10000, "0.025"),
    ("0", 1000, "0.05", "0", 30, "0.05"), ("0.5", 100, "0.1", "3", 8, "0.2"),
]

if __name__ == "__main__":
    print("error,draws,deltaPrime,kl,n,delta,limit,xi,maurerSeeger,twoRootN,mcAllester,quadratic,catoni,binomial")
    for error, draws, prime, divergence, n, delta in ROWS:
        q, k, d = mpf(error), mpf(divergence), mpf(delta)
        limit = inverse(q, -log(mpf(prime)) / draws)
        constant = xi(n)
        budget = (k + log(constant / d)) / n
        c = mpf("0.2")
        values = [
            limit, constant, inverse(limit, budget), inverse(limit, (k + log(2 * sqrt(mpf(n)) / d)) / n),
            limit + sqrt(budget / 2), (sqrt(limit + budget / 2) + sqrt(budget / 2)) ** 2,
            expm1(-c * limit - (k - log(d)) / n) / expm1(-c), binomial_limit(int(q * n + mpf("1e-9")), n, d)]
        print(",".join([error, str(draws), prime, divergence, str(n), delta] + [mp.nstr(one, 20) for one in values]))
