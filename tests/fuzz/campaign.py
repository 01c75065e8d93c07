"""The campaign: every kind of attack in turn, for as long as it is given.

``make fuzz`` runs it for an hour, ``make fuzz MINUTES=10 KINDS="differential grammar"`` what it is told to. It prints
how many inputs each kind tried, the seed that repeats them, and every failure as small as it could be made; the exit
code is 1 if there was one.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

__all__ = ["KINDS", "attack_of", "main"]

Attack: TypeAlias = Callable[[np.random.Generator, float], tuple[int, list[str]]]
"""Takes a source of randomness and a deadline of `time.monotonic`; how many inputs were tried, and what went wrong."""

KINDS = {
    "differential": 6,
    "grammar": 3,
    "odd_arguments": 3,
    "cache_attacks": 1,
    "exit_attacks": 1,
}
"""Modules of this folder, and their shares of the time."""

SLICE = 10.0
"""Seconds that a share lasts; short, so that an interrupted campaign has tried some of everything."""


def attack_of(kind: str) -> Attack:
    """The function of a kind; imported when asked for, because some need packages of their own."""
    found: Attack = importlib.import_module(f"fuzz.{kind}").attack
    return found


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign; 1 if something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--seed", type=int, default=None, help="repeats a campaign, as far as time allows")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; all by default")
    options = parser.parse_args(arguments)
    unknown = [kind for kind in options.kinds if kind not in KINDS]
    if unknown:
        parser.error(f"no attack is called {unknown[0]!r}; there are {', '.join(KINDS)}")
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if options.seed is None else options.seed
    return _campaign(options.kinds or list(KINDS), seed, time.monotonic() + 60.0 * options.minutes)


def _campaign(kinds: list[str], seed: int, end: float) -> int:
    print(f"seed {seed}: {', '.join(kinds)}", flush=True)
    sources = dict(zip(kinds, np.random.default_rng(seed).spawn(len(kinds)), strict=True))
    counts, seconds, failures = (dict.fromkeys(kinds, zero) for zero in (0, 0.0, 0))
    try:
        while time.monotonic() < end:
            for kind in kinds:
                begin = time.monotonic()
                tried, found = attack_of(kind)(sources[kind], min(end, begin + SLICE * KINDS[kind]))
                counts[kind] += tried
                seconds[kind] += time.monotonic() - begin
                failures[kind] += len(found)
                for failure in found:
                    print(f"{kind}: {failure}", flush=True)
                if time.monotonic() >= end:
                    break
    except KeyboardInterrupt:
        print("interrupted")
    for kind in kinds:
        rate = counts[kind] / seconds[kind] if seconds[kind] else 0.0
        print(f"{kind:<16}{counts[kind]:>12,} inputs{rate:>12,.1f} a second{failures[kind]:>6} failures")
    total = sum(failures.values())
    print(f"{'in all':<16}{sum(counts.values()):>12,} inputs{'':>21}{total:>6} failures, seed {seed}")
    return int(total > 0)


if __name__ == "__main__":
    sys.exit(main())
