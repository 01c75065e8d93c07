"""How fast and how good each decoder is on surface codes under circuit noise, with PyMatching itself beside them.

    python benchmarks/decoders.py                       distances 3 and 5
    python benchmarks/decoders.py --distance 7 --rate 0.003 matching union-find

Shots a second are the median of several runs of the same shots; PyMatching runs in turn with ours, so that the ratio is
that of one machine at one time. A decoder that is too wide for the model says so.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pymatching
import stim

from qtoolkit.applications.qec import DECODERS, clopper_pearson, compile_decoder
from qtoolkit.errors import QToolkitError

SLOW = {"bp-osd", "bp-lsd", "belief-matching", "tesseract", "maximum-likelihood"}


def memory(distance: int, rate: float) -> stim.Circuit:
    """Stim's rotated memory in the Z basis, as many rounds as the distance."""
    return stim.Circuit.generated(
        "surface_code:rotated_memory_z",
        distance=distance,
        rounds=distance,
        after_clifford_depolarization=rate,
        before_round_data_depolarization=rate,
        before_measure_flip_probability=rate,
        after_reset_flip_probability=rate,
    )


def seconds(*calls: Callable[[], Any], runs: int) -> list[float]:
    """The median time of each call, which take turns."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(runs):
        for call, found in zip(calls, times, strict=True):
            started = time.perf_counter()
            call()
            found.append(time.perf_counter() - started)
    return [statistics.median(found) for found in times]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("decoders", nargs="*", help=f"of {', '.join(DECODERS)}; all by default")
    parser.add_argument("--distance", type=int, nargs="+", default=[3, 5])
    parser.add_argument("--rate", type=float, default=0.003)
    parser.add_argument("--shots", type=int, default=20_000, help="a fiftieth of them for slow decoders")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    for distance in options.distance:
        circuit = memory(distance, options.rate)
        model = circuit.detector_error_model(decompose_errors=True)
        sampler = circuit.compile_detector_sampler(seed=options.seed)
        events, flips = sampler.sample(options.shots, separate_observables=True)
        packed = np.packbits(events, axis=1, bitorder="little")
        rival = pymatching.Matching.from_detector_error_model(model)
        print(f"distance {distance}, rate {options.rate:g}, {model.num_detectors} detectors")
        print(f"{'':22}{'compiled in':>12}{'shots/s':>12}{'PyMatching':>12}{'packed':>9}   logical errors")
        for name in options.decoders or DECODERS:
            try:
                started = time.perf_counter()
                decoder = compile_decoder(name, model)
                compiled = time.perf_counter() - started
            except QToolkitError as error:
                print(f"{name:22}{error}")
                continue
            shots = options.shots // 50 if name in SLOW else options.shots
            few, few_packed = events[:shots], packed[:shots]
            predictions = decoder.decode_batch(few)
            own, theirs, own_packed, theirs_packed = seconds(
                lambda: decoder.decode_batch(few),  # noqa: B023
                lambda: rival.decode_batch(few),  # noqa: B023
                lambda: decoder.decode_packed(few_packed),  # noqa: B023
                lambda: rival.decode_batch(few_packed, bit_packed_shots=True, bit_packed_predictions=True),  # noqa: B023
                runs=options.runs,
            )
            errors = int((predictions != flips[:shots]).any(axis=1).sum())
            low, high = clopper_pearson(errors, shots)
            print(
                f"{name:22}{compiled:>10.3f} s{shots / own:>12,.0f}{theirs / own:>11.3f}x"
                f"{theirs_packed / own_packed:>8.3f}x   {errors}/{shots} ({low:.2e} to {high:.2e})"
            )


if __name__ == "__main__":
    main()
