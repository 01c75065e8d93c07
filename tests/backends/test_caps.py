"""Caps: of a job, of all jobs together, and under many processes at once."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from stubs.server import running
from stubs.toy import TOKEN
from toy_cloud import ToyBackend, toy_provider  # noqa: F401

from qtoolkit import Circuit
from qtoolkit.backends import JobStatus, JobStore, get_backend
from qtoolkit.backends.cloud import forget
from qtoolkit.backends.cloud.store import Spending
from qtoolkit.errors import BackendError, CostLimitError, InputError, JobError, UnknownSubmissionError

BELL = Circuit(2).h(0).cx(0, 1).measure_all()
PRICES = """
[[price]]
backends = ["toy:one"]
model = "task and shot"
currency = "USD"
per_task = "0.50"
per_shot = "0.005"

[[price]]
backends = ["toy:free"]
model = "free"
"""


@pytest.fixture(scope="module")
def server():
    with running("toy") as stub:
        yield stub


@pytest.fixture
def cloud(server, tmp_path, monkeypatch, toy_provider):  # noqa: F811
    prices = tmp_path / "prices.toml"
    prices.write_text(PRICES)
    monkeypatch.setenv("QTOOLKIT_PRICES", str(prices))
    monkeypatch.setenv("TOY_TOKEN", TOKEN)
    monkeypatch.setenv("TOY_URL", server.address)
    monkeypatch.delenv("QTOOLKIT_MAX_COST", raising=False)
    server.faults()
    return server


@pytest.fixture
def store(tmp_path):
    return JobStore(tmp_path / "jobs.sqlite3")


def submitted(server) -> int:
    return len(server.jobs())


def test_a_cap_of_a_job_is_checked_before_anything_leaves(cloud, store):
    before = submitted(cloud)
    with pytest.raises(CostLimitError, match=r"would cost 1\.00 USD, and the cap of a job is 0\.99 USD; nothing has"):
        ToyBackend(store=store, max_cost="0.99 USD").run(BELL, 100)
    assert submitted(cloud) == before
    assert store.jobs() == []
    job = ToyBackend(store=store, max_cost="1 USD").run(BELL, 100)
    assert job.record.cost == Decimal("1.00")
    assert job.record.price["reason"] == "1 task at 0.50 and 100 shots at 0.005 USD"
    assert job.result().metadata["cost"] == "1.00 USD"
    # Seven circuits in three submissions are one job.
    batch = ToyBackend(store=store).estimate_cost([BELL] * 7, 100)
    assert batch.amount == Decimal("7.00")
    for circuits, shots in (([], 100), (BELL, 0)):
        with pytest.raises(InputError):
            ToyBackend(store=store).estimate_cost(circuits, shots)
    with pytest.raises(CostLimitError, match=r"7\.00 USD"):
        ToyBackend(store=store, max_cost=6).run([BELL] * 7, 100)


def test_the_cap_of_the_environment_counts_where_none_is_given(cloud, store, monkeypatch):
    monkeypatch.setenv("QTOOLKIT_MAX_COST", "0.60 USD")
    with pytest.raises(CostLimitError, match=r"the cap of a job is 0\.60 USD"):
        ToyBackend(store=store).run(BELL, 100)
    ToyBackend(store=store, max_cost="2 USD").run(BELL, 100)
    ToyBackend("free", store=store).run(BELL, 100)
    with pytest.raises(CostLimitError, match=r"the price of toy:other is unknown \(no price of toy:other is at hand"):
        ToyBackend("other", store=store).run(BELL, 100)
    monkeypatch.setenv("QTOOLKIT_MAX_COST", "5 HQC")
    with pytest.raises(CostLimitError, match="is paid in USD, and the cap of a job is 5 HQC"):
        ToyBackend(store=store).run(BELL, 100)
    monkeypatch.setenv("QTOOLKIT_MAX_COST", "plenty")
    with pytest.raises(InputError, match="a cap is an amount"):
        ToyBackend(store=store)


def test_the_cap_of_all_jobs(cloud, store):
    store.set_cap("USD", Decimal("2.50"))
    backend = ToyBackend(store=store)
    backend.run(BELL, 100)
    backend.run(BELL, 99)
    before = submitted(cloud)
    with pytest.raises(CostLimitError, match=r"would cost 1\.00 USD beside 2\.00 spent since .* the cap is 2\.50"):
        backend.run(BELL, 100)
    with pytest.raises(CostLimitError, match=r"the price of toy:other is unknown, and a cap of 2\.50 USD is set"):
        ToyBackend("other", store=store).run(BELL, 100)
    assert submitted(cloud) == before
    ToyBackend("free", store=store).run(BELL, 100)
    (cap,) = store.caps()
    assert (cap.amount, cap.spent) == (Decimal("2.50"), Decimal("2.00"))
    assert store.spent() == {"USD": Decimal("2.00")}
    store.set_cap("USD", None)
    ToyBackend("other", store=store).run(BELL, 100)
    assert store.spending() == [
        Spending("toy:free", "", Decimal(0), 1),
        Spending("toy:one", "USD", Decimal("2.00"), 2),
        Spending("toy:other", "", None, 1),
    ]
    assert store.spending(datetime.now(UTC) + timedelta(hours=1)) == []


def test_what_never_arrived_costs_nothing_and_what_may_have_does(cloud, store):
    store.set_cap("USD", Decimal(2))
    cloud.faults({"match": "POST /jobs", "kind": "replaced", "status": 422, "body": "{}"})
    with pytest.raises(BackendError, match="refused"):
        ToyBackend(store=store).run(BELL, 100)
    assert store.spent() == {}
    # Accepted or not, nobody knows: the money may be gone.
    cloud.faults(
        {"match": "POST /jobs", "kind": "error_before"}, {"match": "GET /jobs", "kind": "error_before", "times": 1}
    )
    with pytest.raises(UnknownSubmissionError) as caught:
        ToyBackend(store=store).run(BELL, 100)
    cloud.faults()
    assert store.spent() == {"USD": Decimal("1.00")}
    with pytest.raises(UnknownSubmissionError, match="job forget"):
        ToyBackend(store=store).run(BELL, 100)
    record = forget(caught.value.job_id, store=store)
    assert (record.status, record.parts[0].reason) == (JobStatus.LOST, "given up by the user")
    assert store.spent() == {"USD": Decimal("1.00")}
    ToyBackend(store=store).run(BELL, 100)
    assert store.spent() == {"USD": Decimal("2.00")}


def test_only_what_nobody_knows_is_given_up(cloud, store):
    job = ToyBackend(store=store).run(BELL, 10)
    with pytest.raises(JobError, match=r"has it as toy-\d+; cancel it instead"):
        forget(job.id, store=store)
    job.result()
    with pytest.raises(JobError, match="is done"):
        forget(job.id, store=store)
    with pytest.raises(JobError, match="no job"):
        forget("nothing", store=store)


SUBMITTER = """
import json, sys, time
from qtoolkit import Circuit
from qtoolkit.backends import JobStore
from qtoolkit.errors import CostLimitError
from toy_cloud import ToyBackend

number = int(sys.argv[1])
backend = ToyBackend(store=JobStore(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
accepted = refused = 0
for turn in range(5):
    circuit = Circuit(4).h(0)
    for bit in range(3):
        if number >> bit & 1:
            circuit.x(bit)
    try:
        backend.run(circuit.measure_all(), 100 + turn)
        accepted += 1
    except CostLimitError:
        refused += 1
print(json.dumps([accepted, refused]))
"""


def test_eight_threads_at_once_never_pass_a_cap(cloud, store):
    store.set_cap("USD", Decimal("5.50"))
    before = submitted(cloud)

    def submit(number: int) -> int:
        try:
            ToyBackend(store=store).run(BELL, 100 + number)
        except CostLimitError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        accepted = sum(pool.map(submit, range(16)))
    assert accepted == submitted(cloud) - before == len(store.jobs()) == 5
    assert store.caps()[0].spent <= Decimal("5.50")


@pytest.mark.slow
def test_eight_processes_at_once_never_pass_a_cap(cloud, store, tmp_path):
    """40 jobs of 1.00 to 1.02 USD are wanted, 11.50 USD are allowed: eleven go through, whoever is faster."""
    store.set_cap("USD", Decimal("11.50"))
    before = submitted(cloud)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SUBMITTER, str(number), str(store.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for number in range(8)
    ]
    try:
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:  # all together
            process.stdin.write("\n")
            process.stdin.flush()
        answers = [json.loads(process.communicate(timeout=120)[0]) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    accepted, refused = (sum(numbers) for numbers in zip(*answers, strict=True))
    assert accepted + refused == 40
    (cap,) = store.caps()
    assert cap.spent <= cap.amount
    assert cap.spent == sum(record.cost for record in store.jobs())
    assert accepted == len(store.jobs()) == submitted(cloud) - before == 11


def test_by_name_from_the_registry(cloud, store):
    backend = get_backend("toy:one", store=store, max_cost="0.10 USD")
    assert backend.estimate_cost(BELL, 100).text == "at most 1.00 USD"
    with pytest.raises(CostLimitError):
        backend.run(BELL, 100)
