"""Derives the coefficients of the approximations in ../vecmath.go.

Each polynomial minimises the largest weighted error on Chebyshev points of its interval by iteratively reweighted least
squares (Lawson's method); coefficients are rounded to float32 from the lowest degree up, the rest being fitted again after
each rounding.

Run: python3 minimax.py (needs numpy and mpmath).
"""
import mpmath as mp
import numpy as np

mp.mp.dps = 40


def nodes(lo, hi, n=1500):
    t = np.cos(np.pi * (np.arange(n) + 0.5) / n)
    return (lo + hi) / 2 + (hi - lo) / 2 * t


def values(f, x):
    return np.array([float(f(mp.mpf(float(t)))) for t in x])


def lawson(a, b, w, rounds=120):
    """Minimises max |w (a c - b)|."""
    lw = np.ones(len(b))
    best, bestc = np.inf, None
    for _ in range(rounds):
        s = w * np.sqrt(lw)
        c = np.linalg.lstsq(a * s[:, None], b * s, rcond=None)[0]
        e = np.abs(w * (a @ c - b))
        if e.max() < best:
            best, bestc = e.max(), c
        lw = lw * (e + 1e-3 * e.max())
        lw /= lw.sum()
    return bestc, best


def poly(f, powers, lo, hi, weight, name):
    """Coefficients c with sum c_k x^powers[k] close to f; weight(x, f) scales the error."""
    x = nodes(lo, hi)
    y = values(f, x)
    w = weight(x, y)
    scale = max(abs(lo), abs(hi))
    fixed = []
    rest = list(powers)
    b = y.copy()
    while rest:
        a = np.stack([(x / scale) ** p for p in rest], 1)
        c, err = lawson(a, b, w)
        if not fixed:
            free = err
        v = np.float32(c[0] / scale ** rest[0])
        fixed.append(v)
        b = b - float(v) * x ** rest[0]
        rest.pop(0)
    err = np.abs(w * b).max()
    print(f"{name}: error 2^{np.log2(free):.1f}, rounded 2^{np.log2(err):.1f}")
    print("    " + ", ".join(f"{v:.9g}" for v in fixed))
    return fixed


def relative(x, y):
    return 1 / np.abs(y)


if __name__ == "__main__":
    half = float(mp.log(2)) / 2 * 1.001
    tail = lambda r: (mp.expm1(r) - r) / r**2
    # e^r = 1 + r + r²·p(r), |r| ≤ ln2/2: error relative to e^r, and to e^r − 1
    poly(tail, range(5), -half, half, lambda x, y: x * x / np.exp(x), "exp")
    poly(tail, range(6), -half, half, lambda x, y: np.abs(x * x / np.expm1(x)), "expm1")
    poly(tail, range(5), -half, half, lambda x, y: np.abs(x * x / np.expm1(x)), "expm1 for erf")
    # log(1+f) = f − f²/2 + f³·p(f), |f| ≤ 1/3
    poly(lambda f: (mp.log1p(f) - f + f * f / 2) / f**3, range(8), -1 / 3, 1 / 3 * 1.001, lambda x, y: np.abs(x**3 / np.log1p(x)), "log")
    poly(lambda f: (mp.log1p(f) - f + f * f / 2) / f**3, range(9), -1 / 3, 1 / 3 * 1.001, lambda x, y: np.abs(x**3 / np.log1p(x)), "log for pow")
    # log(1+t) = t·p(t), 0 ≤ t ≤ 1
    poly(lambda t: mp.log1p(t) / t, range(10), 0, 1, relative, "log1p")
    # sin r = r + r³·p(r²), cos r = 1 − r²/2 + r⁴·p(r²), |r| ≤ π/4
    q = float(mp.pi / 4) * 1.001
    poly(lambda s: (mp.sin(mp.sqrt(s)) / mp.sqrt(s) - 1) / s, range(3), 1e-6, q * q, lambda s, y: s, "sin")
    poly(lambda s: (mp.cos(mp.sqrt(s)) - 1 + s / 2) / s**2, range(3), 1e-6, q * q, lambda s, y: s * s, "cos")
    # erf x = 1 − e^-(x + x·p(x)), 0 ≤ x ≤ 3.93
    poly(lambda x: -mp.log(mp.erfc(x)) / x - 1, range(9), 0, 3.93, lambda x, y: x / np.expm1(x * (y + 1)), "erf")
