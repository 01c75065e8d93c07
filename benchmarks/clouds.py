"""Jobs of a cloud under fire: many processes submit, are killed at any moment, and the service fails as it can.

    python benchmarks/clouds.py                 1,000 jobs of 8 processes, a quarter of a minute to one
    python benchmarks/clouds.py --jobs 200

The service is a server on this machine with the tests' own cloud: it answers 503, or nothing, before and after it has
accepted a job. Job n is a circuit whose one outcome is n. A process that is killed is started again and goes on, as a
program does that is run again: what it does not find on record it submits, and what may have been accepted the store
refuses until it is reconciled. In the end the books of both sides are compared: every accepted job must be found once,
none twice, none lost, and every result must be the number of its job.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent / "tests"
FAULTS = (
    {"match": "POST /jobs", "kind": "error_before", "chance": 0.04},
    {"match": "POST /jobs", "kind": "error_after", "chance": 0.04},
    {"match": "POST /jobs", "kind": "dropped_before", "chance": 0.03},
    {"match": "POST /jobs", "kind": "dropped_after", "chance": 0.03},
    {"match": "^GET /jobs\\?", "kind": "error_before", "chance": 0.1},
)
BITS = 12


@dataclass(frozen=True)
class Books:
    """What both sides know in the end.

    Attributes:
        jobs: circuits that were to be submitted.
        kills: how often a process was killed.
        accepted: jobs in the service's books.
        found_once: of these, found once in the store.
        twice: circuits that the service has more than once.
        lost: jobs of the service that the store does not know.
        wrong: results that are not the number of their job.
        never_accepted: submissions that the store calls lost or refused, and the service does not have.
        still_unknown: submissions whose fate is open after reconciling.
        seconds: until the books were closed.
    """

    jobs: int
    kills: int
    accepted: int
    found_once: int
    twice: int
    lost: int
    wrong: int
    never_accepted: int
    still_unknown: int
    seconds: float

    @property
    def is_balanced(self) -> bool:
        """Every accepted job is found once, none twice, none lost, all right, and every circuit is accounted for."""
        troubles = self.twice + self.lost + self.wrong + self.still_unknown
        return not troubles and self.accepted == self.found_once and self.accepted + self.never_accepted == self.jobs

    def __str__(self) -> str:
        return (
            f"{self.jobs} jobs, {self.kills} kills, {self.seconds:.0f} s: {self.accepted} accepted, each found once: "
            f"{self.found_once}; twice: {self.twice}; lost: {self.lost}; wrong results: {self.wrong}; never accepted, "
            f"and known as such: {self.never_accepted}; still unknown: {self.still_unknown}"
        )


def circuit_of(number: int):
    """A circuit whose one outcome is a number."""
    from qtoolkit import Circuit

    circuit = Circuit(BITS)
    for bit in range(BITS):
        if number >> bit & 1:
            circuit.x(bit)
    return circuit.measure_all()


def work(worker: int, numbers: list[int]) -> None:
    """Submit each number that is not on record; what may have been accepted is left to reconciling."""
    from qtoolkit.backends import JobStore, get_backend
    from qtoolkit.errors import BackendError

    backend = get_backend(f"toy:worker{worker}")
    for number in numbers[len(JobStore().jobs(backend=backend.name)) :]:
        # Refused or unknown: both are on record.
        with contextlib.suppress(BackendError):
            backend.run(circuit_of(number), 1)


def soak(jobs: int = 1000, processes: int = 8, seed: int = 0, pause: float = 0.02) -> Books:
    """Run the campaign and close the books.

    Args:
        jobs: circuits, at most 4096.
        processes: that submit.
        seed: of the kills.
        pause: mean seconds between two kills.
    """
    from stubs.server import running

    rng = random.Random(seed)
    started = time.perf_counter()
    with running("toy") as server, tempfile.TemporaryDirectory() as folder:
        _lead_to(server.address, Path(folder))
        server.faults(*FAULTS)
        tasks = [list(range(worker, jobs, processes)) for worker in range(processes)]
        # Processes that are forked begin at once; those that import the toolkit anew would die before they submit.
        context = multiprocessing.get_context("fork")
        running_now = {}
        for worker, numbers in enumerate(tasks):
            running_now[worker] = context.Process(target=work, args=(worker, numbers))
            running_now[worker].start()
        kills = 0
        while running_now:
            time.sleep(rng.expovariate(1 / pause))
            for worker, process in list(running_now.items()):
                if not process.is_alive() and process.exitcode == 0:
                    del running_now[worker]
            if not running_now:
                break
            worker = rng.choice(list(running_now))
            process = running_now[worker]
            process.kill()
            process.join()
            if process.exitcode:
                kills += 1
                running_now[worker] = context.Process(target=work, args=(worker, tasks[worker]))
                running_now[worker].start()
        server.faults()
        return _closed(server, jobs, kills, started)


def _lead_to(address: str, folder: Path) -> None:
    """Make the tests' cloud a provider of this process and of those it forks."""
    from stubs.toy import TOKEN
    from toy_cloud import registered

    sys.path.insert(0, str(registered(folder / "plugin")))
    os.environ |= {"TOY_URL": address, "TOY_TOKEN": TOKEN, "QTOOLKIT_JOBS": str(folder / "jobs.sqlite3")}
    from qtoolkit.backends import registry

    registry.providers.cache_clear()
    registry.providers()


def _closed(server, jobs: int, kills: int, started: float) -> Books:
    from qtoolkit.backends import JobStatus, JobStore, job, reconcile

    reconcile(settling=timedelta(0))
    records = JobStore().jobs()
    theirs = server.jobs()
    ours = Counter(part.vendor_id for record in records for part in record.parts if part.vendor_id is not None)
    content = Counter(json.dumps(json.loads(item["body"])["circuits"]) for item in theirs)
    wrong = 0
    for record in records:
        if record.vendor_ids:
            (number,) = [int(bits, 2) for bits in job(record.id).result(60).counts]
            worker = int(record.backend.removeprefix("toy:worker"))
            wrong += circuit_number(record) != number or number % _processes(records) != worker
    statuses = Counter(record.status for record in JobStore().jobs())
    return Books(
        jobs,
        kills,
        len(theirs),
        sum(1 for item in theirs if ours[item["id"]] == 1),
        sum(count - 1 for count in content.values()),
        sum(1 for item in theirs if item["id"] not in ours),
        wrong,
        statuses[JobStatus.LOST] + statuses[JobStatus.FAILED],
        statuses[JobStatus.UNKNOWN] + statuses[JobStatus.PREPARED],
        time.perf_counter() - started,
    )


def circuit_number(record) -> int:
    """The number that the payload on record holds."""
    (circuit,) = json.loads(record.parts[0].payload.body)["circuits"]
    return sum(1 << qubits[0] for name, qubits, _ in circuit["gates"] if name == "x")


def _processes(records) -> int:
    return len({record.backend for record in records})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pause", type=float, default=0.02, help="mean seconds between two kills")
    options = parser.parse_args()
    books = soak(options.jobs, options.processes, options.seed, options.pause)
    print(books)
    print("goal (every accepted job found once, none twice, none lost):", "met" if books.is_balanced else "MISSED")
    sys.exit(0 if books.is_balanced else 1)


sys.path.insert(0, str(TESTS))

if __name__ == "__main__":
    main()
