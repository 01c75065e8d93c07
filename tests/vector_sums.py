"""Random choices of the sums that rows of the block program take when they are taken back."""

from dataclasses import dataclass

import numpy as np

from qtoolkit_kernels.vector import isa
from qtoolkit_kernels.vector.adjoint import block as adjoint_block
from qtoolkit_kernels.vector.adjoint import plan


@dataclass(frozen=True)
class Sought:
    """The sums that the way back shall take, by row."""

    collect: np.ndarray
    scales: np.ndarray
    probe_start: np.ndarray
    probes: np.ndarray
    wanted_start: np.ndarray
    wanted: np.ndarray
    num_places: int

    @property
    def arrays(self):
        """As the kernel and the twin take them."""
        return plan.Sought(self.collect, self.scales, self.probe_start, self.probes, self.wanted_start, self.wanted)

    @classmethod
    def draw(cls, rows):
        """Some of the sums that each row allows, and up to two probes before any row."""
        drawer = _SoughtRows(rows)
        for s, own in enumerate(rows.sweep_rows):
            for row in own:
                drawer.add(s, row)
        return drawer.done()


class _SoughtRows:
    def __init__(self, rows):
        self.rows, self.rng, self.num_places = rows, rows.rng, 0
        self.collect, self.probes, self.wanted = [], [], []
        self.probe_start, self.wanted_start = [0], [0]

    def place(self, count=1):
        self.num_places += count
        return self.num_places - count

    def add(self, s, row):
        opcode, collect = row[isa.OPCODE], [adjoint_block.NOTHING, -1, -1, -1, -1]
        if self.rng.random() < 0.9:
            collect[0] = adjoint_block.SUMS
            if opcode in (isa.ROTATE, isa.ROTATE_LANES):
                count = row[isa.ROTATE_COUNT] if opcode == isa.ROTATE else self.rows.shape.lane_bits
                collect[1 : 1 + count] = [self.place() if self.rng.random() < 0.8 else -1 for _ in range(count)]
            elif opcode == isa.DIAGONAL:
                collect[0] = int(self.rng.choice([adjoint_block.SUMS, adjoint_block.JOINED_SUMS]))
                pairs = [self.pair(s, collect[0]) for _ in range(6)]
                self.wanted += [[*pair, self.place()] for pair in pairs if pair]
            elif opcode == isa.STRINGS:
                strings = row[isa.STRINGS_END] - row[isa.STRINGS_FIRST]
                self.wanted += [[int(self.rng.integers(strings)), 0, self.place()] for _ in range(3)]
        self.probes += [self.probe(s) for _ in range(self.rng.integers(3))]
        self.collect.append(collect)
        self.probe_start.append(len(self.probes))
        self.wanted_start.append(len(self.wanted))

    def pair(self, s, kind):
        """Two index bits or one twice; JOINED_SUMS only knows pairs of a low position and a higher one of the block."""
        block_bits, _, low_bits = self.rows.shape.cuts
        first, second = (int(p) for p in self.rng.integers(self.rows.shape.num_bits, size=2))
        if self.rng.random() < 0.3:
            second = first
        joined = min(first, second) < low_bits <= max(first, second) < block_bits
        return (
            [int(b) for b in self.rows.bits[s, [first, second]]] if kind != adjoint_block.SUMS or not joined else None
        )

    def probe(self, s):
        shape = self.rows.shape
        tile_mask, lane_mask = (int(self.rng.integers(1 << n)) for n in (shape.tile_bits, shape.lane_bits))
        outer = self.rows.outer_controls(s)
        columns = {
            "X_TILE": int(self.rng.integers(1 << shape.tile_bits)),
            "X_LANES": int(self.rng.choice([0, self.rng.integers(shape.lanes)])),
            "Z_TILE": int(self.rng.integers(1 << shape.tile_bits)),
            "Z_LANES": int(self.rng.integers(shape.lanes)),
            "Z_OUTER": self.rows.outer_mask(s),
            "TILE_MASK": tile_mask,
            "TILE_VALUE": tile_mask & int(self.rng.integers(1 << shape.tile_bits)),
            "LANE_MASK": lane_mask,
            "LANE_VALUE": lane_mask & int(self.rng.integers(shape.lanes)),
            "OUTER_MASK": outer.get(isa.OUTER_MASK, 0),
            "OUTER_VALUE": outer.get(isa.OUTER_VALUE, 0),
            "PLACE": self.place(2),
            "ENABLED": int(self.rng.random() < 0.8),
        }
        probe = np.zeros(adjoint_block.PROBE, np.int64)
        for name, value in columns.items():
            probe[getattr(adjoint_block, f"PROBE_{name}")] = value
        return probe

    def done(self):
        scales = self.rng.uniform(0.5, 2, (len(self.collect), 4))
        return Sought(
            np.array(self.collect, np.int64).reshape(-1, adjoint_block.COLLECT),
            scales,
            np.array(self.probe_start),
            np.array(self.probes, np.int64).reshape(-1, adjoint_block.PROBE),
            np.array(self.wanted_start),
            np.array(self.wanted, np.int64).reshape(-1, adjoint_block.WANTED),
            self.num_places,
        )
