"""A small file of prices, and what is true of its portfolios by looking at all of them."""

import itertools

import numpy as np

__all__ = ["TICKERS", "best_pair", "returns_of", "write_prices"]

TICKERS = ("AAA", "BB", "CCC", "D", "EEEE", "F")


def returns_of(seed=5, days=400):
    """Simple daily returns of six assets with two factors, shape (days, 6)."""
    rng = np.random.default_rng(seed)
    loads = rng.normal(size=(2, 6)) * 0.006
    drift = np.array([12, 9, 7, 4, 2, -1]) * 1e-4
    return drift + rng.normal(size=(days, 2)) @ loads + rng.normal(size=(days, 6)) * 0.009


def write_prices(path, returns=None):
    """The prices that have these returns, from 2020-01-01 on, a line each day; the path."""
    table = returns_of() if returns is None else returns
    prices = 100.0 * np.vstack([np.ones(table.shape[1]), np.cumprod(1.0 + table, axis=0)])
    days = np.datetime64("2020-01-01") + np.arange(len(prices))
    lines = [",".join(["date", *TICKERS])]
    lines += [",".join([str(day), *map(repr, row.tolist())]) for day, row in zip(days, prices, strict=True)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def best_pair(returns, aversion):
    """The best two assets with equal weights, and with the best weights: objective and weights by ticker, twice."""
    mean, covariance = returns.mean(axis=0), np.cov(returns, rowvar=False)

    def objective(pair, share):
        weights = np.array([share, 1.0 - share])
        index = list(pair)
        return aversion * weights @ covariance[np.ix_(index, index)] @ weights - mean[index] @ weights

    def best_share(pair):
        a, b = pair
        spread = covariance[a, a] - 2.0 * covariance[a, b] + covariance[b, b]
        slope = mean[a] - mean[b] - 2.0 * aversion * (covariance[a, b] - covariance[b, b])
        return float(np.clip(slope / (2.0 * aversion * spread), 0.0, 1.0))

    pairs = list(itertools.combinations(range(len(mean)), 2))
    alike = min(pairs, key=lambda pair: objective(pair, 0.5))
    best = min(pairs, key=lambda pair: objective(pair, best_share(pair)))
    share = best_share(best)
    return (
        (objective(alike, 0.5), {TICKERS[k]: 0.5 for k in alike}),
        (objective(best, share), {TICKERS[best[0]]: share, TICKERS[best[1]]: 1.0 - share}),
    )
