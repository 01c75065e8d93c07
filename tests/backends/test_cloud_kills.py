"""A program that submits is killed line by line, run again and reconciled: nothing is lost, nothing doubled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_SCRIPT = """
import json, os, signal, sys
from datetime import timedelta
from pathlib import Path

from toy_cloud import ToyBackend
from qtoolkit import Circuit
from qtoolkit.backends import JobStore, reconcile
from qtoolkit.backends.cloud import CloudClient, backend, processes, rows, schema, store
from qtoolkit.errors import UnknownSubmissionError

FOLDER, DEEP = Path(sys.argv[1]), sys.argv[2] == "deep"


class Service(CloudClient):
    "A service whose books are files; it takes a job in one moment."

    def __init__(self, folder):
        self.folder = folder

    def submit(self, payload, key):
        number = f"vendor-{key}-{len(list(self.folder.iterdir()))}"
        (self.folder / number).touch()
        return number

    def find(self, payload, key):
        found = [path.name for path in self.folder.iterdir() if key in path.name]
        return found[0] if found else None

    def poll(self, vendor_id): ...

    def fetch(self, vendor_id): ...

    def cancel(self, vendor_id): ...


FILES = {backend.__file__, __file__} | ({store.__file__, schema.__file__, rows.__file__} if DEEP else set())


def program(place):
    "Submit two parts, unless they are on record."
    jobs = JobStore(place / "jobs.sqlite3")
    if any(record.vendor_ids for record in jobs.jobs()):
        return "on record"
    cloud = ToyBackend(store=jobs)
    cloud.client = Service(place / "service")
    try:
        cloud.run([Circuit(2).x(k % 2).measure_all() for k in range(4)], 10)
    except UnknownSubmissionError:
        return "refused"
    return "sent"


def killed_at(line):
    "A hook that ends this process at the n-th line of what submits."
    left = line

    def each(frame, event, argument):
        nonlocal left
        if event == "line":
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)
        return each

    return lambda frame, event, argument: each if frame.f_code.co_filename in FILES else None


def in_a_process(place, line):
    "What the program says in a process of its own, nothing if it was killed."
    out, into = os.pipe()
    child = os.fork()
    if not child:
        if line:
            sys.settrace(killed_at(line))
        said = program(place)
        sys.settrace(None)
        os.write(into, said.encode())
        os._exit(0)
    os.close(into)
    os.waitpid(child, 0)
    said = os.read(out, 100).decode()
    os.close(out)
    return said


line, tried = 0, []
while True:
    line += 1 if DEEP else 4
    place = FOLDER / str(line)
    (place / "service").mkdir(parents=True)
    first = in_a_process(place, line)
    again = in_a_process(place, 0)
    jobs = JobStore(place / "jobs.sqlite3")
    reconcile(jobs, settling=timedelta(0), clients=lambda record: Service(place / "service"))
    theirs = sorted(path.name for path in (place / "service").iterdir())
    parts = [part for record in jobs.jobs() for part in record.parts]
    ours = sorted(part.vendor_id for part in parts if part.vendor_id)
    third = in_a_process(place, 0)
    tried.append([line, first, again, theirs, ours, [str(part.status) for part in parts], third])
    if first:
        break
print(json.dumps(tried))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills and forks as on POSIX")
@pytest.mark.parametrize("depth", ["shallow", pytest.param("deep", marks=pytest.mark.slow)])
def test_killed_at_any_line(tmp_path, depth):
    script = tmp_path / "kills.py"
    script.write_text(_SCRIPT, encoding="utf-8")
    checkout = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "work"), depth],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=checkout,
        env=os.environ
        | {"PYTHONPATH": f"{checkout}:{checkout / 'tests'}", "TOY_TOKEN": "t", "TOY_URL": "http://[::1]"},
    )
    assert done.returncode == 0, done.stderr
    tried = json.loads(done.stdout)
    assert len(tried) > (8 if depth == "shallow" else 100)
    for line, _first, again, theirs, ours, statuses, third in tried:
        assert theirs == ours, (line, again)
        contents = [name.rpartition("-")[0].rpartition("-")[2] for name in theirs]
        assert len(contents) == len(set(contents)), (line, theirs)
        assert set(statuses) <= {"queued", "lost", "failed"}, (line, statuses)
        # Run again behind the reconciliation, the program finds its job or sends it, if nobody has it.
        assert third == ("on record" if theirs else "sent"), line
    assert {"sent", "refused", "on record"} <= {again for _, _, again, *_ in tried}
