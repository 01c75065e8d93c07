"""`qtoolkit submit` on a cloud: prices, batches, dry runs, what fails, and what Ctrl-C leaves."""

import io
import json
import os
import signal
import subprocess
import sys

import pytest
from stubs.server import running
from stubs.toy import TOKEN
from toy_cloud import ToyClient

from qtoolkit.backends import CloudJob, JobStatus
from qtoolkit.backends import job as found_job
from qtoolkit.backends.cloud import VendorStatus, default_store
from qtoolkit.cli.entry import BAD_INPUT, INTERRUPTED
from qtoolkit.cli.job_progress import JobProgress

ONE = ("submit", "bell.qasm", "--backend", "toy:one", "--shots", "1000")


def test_the_price_comes_first_and_the_counts_last(cloud, command):
    out, err = command(*ONE, "--yes")
    assert err.splitlines()[:3] == [
        "toy:one: 1 circuit, 1,000 shots; cost at most 1.30 USD",
        "  1 task at 0.30 and 1,000 shots at 0.001 USD (a toy)",
        "  https://example.org/prices (2026-11-01)",
    ]
    (record,) = default_store().jobs()
    lines = err.splitlines()[3:]
    assert lines[-1] == f"{record.id}: done"
    assert all(line.startswith(f"{record.id}: ") for line in lines)
    assert {line.split()[0] for line in out.splitlines()[2:4]} == {"00", "11"}
    assert f"1,000 shots; backend toy:one; job {record.id}" in out
    assert out.splitlines()[-1] == "cost of the job: 1.30 USD"
    assert json.loads(cloud.jobs()[-1]["body"])["shots"] == 1000


def test_json_is_the_job_its_estimate_and_its_results(cloud, data):
    found = data(*ONE, "--yes")
    assert set(found) == {"job", "estimate", "results"}
    assert found["job"]["status"] == "done"
    assert (found["job"]["cost"], found["job"]["currency"]) == ("1.30", "USD")
    assert found["estimate"]["amount"] == "1.30"
    assert found["estimate"]["is_bound"] is True
    (result,) = found["results"]
    assert result["circuit"] == "bell.qasm"
    assert sum(entry["count"] for entry in result["counts"]) == result["shots"] == 1000
    assert result["metadata"]["job_id"] == found["job"]["id"]
    assert "body" not in found["job"]["parts"][0]


def test_several_files_are_one_batch_in_their_order(cloud, command, data):
    files = ["bell.qasm", "rotation.qasm", "rotation.qasm", "bell.qasm"]
    given = ("submit", *files, "--parameters", "theta=pi", "--backend", "toy:one", "--shots", "50", "--yes")
    found = data(*given)
    assert [result["circuit"] for result in found["results"]] == files
    assert [len(result["counts"]) for result in found["results"]] == [2, 1, 1, 2]
    assert found["results"][1]["counts"] == [{"bits": "01", "count": 50, "share": 1.0}]
    assert [part["num_circuits"] for part in found["job"]["parts"]] == [3, 1]
    assert found["job"]["is_batch"] is True
    out, err = command(*given)
    assert [line for line in out.splitlines() if line.endswith(":")] == [f"{name}:" for name in files]
    assert out.splitlines()[-1] == "cost of the job: 1.40 USD"
    assert "rotation.qasm measures nothing: every qubit is measured at the end." in err


def test_a_value_that_no_circuit_takes_is_refused(cloud, command):
    for values in (["phi=1"], ["theta=1", "phi=1"]):
        options = [word for value in values for word in ("--parameters", value)]
        _, err = command("submit", "rotation.qasm", "--backend", "toy:free", *options, code=BAD_INPUT)
        assert "no circuit has the parameter phi" in err
    _, err = command("submit", "rotation.qasm", "--backend", "toy:free", code=BAD_INPUT)
    assert "got none for theta" in err
    _, err = command("submit", "-", "-", "--backend", "toy:free", code=BAD_INPUT)
    assert "standard input holds one circuit" in err
    assert default_store().jobs() == []


def test_money_is_not_spent_unasked(cloud, command, monkeypatch):
    before = len(cloud.jobs())
    _, err = command(*ONE, code=BAD_INPUT)
    assert "not known to be free (at most 1.30 USD), and nobody is here to be asked" in err
    _, err = command(*ONE[:3], "toy:other", code=BAD_INPUT)
    assert "not known to be free (unknown)" in err
    assert "--max-cost" not in err
    _, err = command(*ONE, "--max-cost", "1 USD", code=BAD_INPUT)
    assert "the job would cost 1.30 USD, and the cap of a job is 1 USD; nothing has left" in err
    _, err = command(*ONE, "--max-cost", "lots", code=BAD_INPUT)
    assert "a cap is an amount" in err
    _, err = command(*ONE, "--option", "max_cost=1", code=BAD_INPUT)
    assert "--max-cost" in err
    monkeypatch.setenv("QTOOLKIT_MAX_COST", "1.29 USD")
    _, err = command(*ONE, "--yes", code=BAD_INPUT)
    assert "the cap of a job is 1.29 USD" in err
    assert len(cloud.jobs()) == before
    assert default_store().jobs() == []
    command(*ONE, "--max-cost", "1.30 usd")
    monkeypatch.delenv("QTOOLKIT_MAX_COST")
    command("submit", "bell.qasm", "--backend", "toy:free")
    assert len(cloud.jobs()) == before + 2


@pytest.mark.parametrize(("answer", "submitted"), [("y\n", 1), ("n\n", 0), ("\n", 0)])
def test_somebody_at_a_terminal_is_asked(cloud, command, monkeypatch, answer, submitted):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(answer))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    _, err = command(*ONE, "--no-wait")
    assert "Submit it? [y/N]" in err
    assert ("Nothing was submitted." in err) is not submitted
    assert len(default_store().jobs()) == submitted


def test_it_can_be_left_and_picked_up(cloud, command, data):
    out, err = command(*ONE, "--yes", "--no-wait")
    job_id = out.strip()
    assert f"qtoolkit job result {job_id}" in err
    assert default_store().job(job_id).status == JobStatus.QUEUED
    out, _ = command("job", "result", job_id)
    assert f"job {job_id}" in out
    left = data(*ONE, "--yes", "--no-wait")
    assert left["job"]["status"] == "queued"
    assert "results" not in left


def test_a_dry_run_gives_the_bytes_and_sends_nothing(cloud, tmp_path, capfdbinary):
    from qtoolkit.cli import main

    before = len(cloud.jobs())
    assert main([*ONE, "--dry-run"]) == 0
    out, err = capfdbinary.readouterr()
    key = json.loads(out)["tag"]
    assert b"Nothing was sent." in err
    assert main([*ONE, "--dry-run", "--output", "out"]) == 0
    capfdbinary.readouterr()
    written = (tmp_path / "out" / "000-toy.json").read_bytes()
    other = json.loads(written)["tag"]
    assert written.replace(other.encode(), b"") == out.replace(key.encode(), b"")
    assert len(cloud.jobs()) == before
    assert default_store().jobs() == []
    # What is then sent are these bytes, under the job's own id.
    assert main([*ONE, "--yes", "--no-wait"]) == 0
    capfdbinary.readouterr()
    (record,) = default_store().jobs()
    sent = cloud.jobs()[-1]["body"].encode()
    assert sent == record.parts[0].payload.body
    assert sent.replace(record.parts[0].key.encode(), b"") == out.replace(key.encode(), b"")


def test_a_dry_run_of_a_batch_has_a_file_for_each_submission(cloud, command, data, tmp_path):
    four = ("submit", *["bell.qasm"] * 4, "--backend", "toy:one", "--shots", "10", "--dry-run")
    _, err = command(*four, code=BAD_INPUT)
    assert "make 2 submissions, stdout takes one; give --output FOLDER" in err
    out, _ = command(*four, "--output", "parts", width=None)
    assert out.split() == ["parts/000-toy.json", "parts/001-toy.json"]
    assert [len(json.loads((tmp_path / name).read_bytes())["circuits"]) for name in out.split()] == [3, 1]
    _, err = command(*four, "--output", "parts", code=BAD_INPUT)
    assert "must be a new or empty folder" in err
    _, err = command(*four, "--output", "bell.qasm", code=BAD_INPUT)
    assert "must be a folder" in err
    _, err = command(*four[:-1], "--output", "elsewhere", code=BAD_INPUT)
    assert "--output is the folder of --dry-run" in err
    found = data(*four)
    assert [part["num_circuits"] for part in found["parts"]] == [3, 1]
    assert [json.loads(part["body"])["shots"] for part in found["parts"]] == [10, 10]
    assert found["estimate"]["amount"] == "1.24"


def test_what_runs_here_is_run_and_printed_and_not_recorded(cloud, command, data):
    local = ("submit", "bell.qasm", "--backend", "local", "--shots", "100", "--seed", "7")
    out, err = command(*local)
    assert err == "local runs on this machine: it cost nothing, and there is no job on record.\n"
    assert "100 shots; backend local; seed 7" in out
    assert default_store().jobs() == []
    found = data(*local)
    assert found["job"] is None
    (result,) = found["results"]
    run = data("run", "bell.qasm", "--shots", "100", "--seed", "7")
    assert result["counts"] == run["counts"]
    for option in ("--dry-run", "--no-wait", "--verify"):
        _, err = command(*local, option, code=BAD_INPUT)
        assert f"{option} is for jobs that leave this machine" in err


def test_a_seed_that_is_not_taken_is_said(cloud, command):
    _, err = command("submit", "bell.qasm", "--backend", "toy:free", "--seed", "3")
    assert "takes no seed" in err


def test_options_reach_the_backend(cloud, command):
    _, err = command("submit", "bell.qasm", "--backend", "toy:free", "--option", "colour=red", code=BAD_INPUT)
    assert "the options of the backend toy:free are" in err
    command("submit", "bell.qasm", "--backend", "toy:free", "--option", "seconds=7.5")
    assert default_store().jobs()[0].options == {"seconds": 7.5}
    for wrong, message in ((["seconds"], "name=value"), (["seconds=1", "seconds=2"], "given once")):
        words = [word for entry in wrong for word in ("--option", entry)]
        _, err = command("submit", "bell.qasm", "--backend", "toy:free", *words, code=BAD_INPUT)
        assert message in err


def test_a_job_that_fails_is_one_line(cloud, command):
    cloud.faults({"kind": "failed_job"})
    _, err = command(*ONE, "--yes", code=BAD_INPUT)
    assert "failed: the cryostat is warm" in err.splitlines()[-1]


def test_of_a_batch_what_succeeded_is_printed(cloud, command, data):
    batch = ("submit", *["bell.qasm"] * 4, "--backend", "toy:free", "--shots", "10")
    cloud.faults({"kind": "failed_job", "times": 1})
    out, err = command(*batch, code=BAD_INPUT)
    assert out.count("failed") == 3
    assert "10 shots; backend toy:free" in out
    assert "3 of 4 circuits failed" in err
    cloud.faults({"kind": "failed_job", "times": 1})
    results = data(*batch, code=BAD_INPUT)["results"]
    assert [result.get("failed") for result in results] == ["the cryostat is warm"] * 3 + [None]


def test_an_unanswered_request_is_told_and_not_repeated(cloud, command):
    before = len(cloud.jobs())
    cloud.faults({"match": "POST /jobs", "kind": "error_after"}, {"match": "GET /jobs", "kind": "error_before"})
    _, err = command(*ONE, "--yes", code=BAD_INPUT)
    assert "may or may not have accepted job" in err
    _, err = command(*ONE, "--yes", code=BAD_INPUT)
    assert "nothing is sent a second time" in err
    cloud.faults()
    out, _ = command("reconcile")
    assert "accepted" in out
    assert len(cloud.jobs()) == before + 1
    out, _ = command("job", "result", default_store().jobs()[0].id)
    assert "1,000 shots" in out


def test_in_a_terminal_the_state_is_a_line_that_lives(cloud, command, monkeypatch):
    from rich.console import Console

    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=80)
    monkeypatch.setattr("qtoolkit.cli.job_progress.stderr_console", lambda: terminal)
    _, err = command(*ONE, "--yes")
    job_id = default_store().jobs()[0].id
    assert f"{job_id} on toy:one: queued, 0:00" in screen.getvalue()
    assert job_id not in err


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        (VendorStatus(JobStatus.QUEUED, "QUEUED", facts={"queue_position": ">2000"}), "queued at place >2000"),
        (VendorStatus(JobStatus.RUNNING, "RUNNING", facts={"queue_position": 12}), "running"),
        (VendorStatus(JobStatus.UNKNOWN, "DEFRAGMENTING"), "unknown (the provider says DEFRAGMENTING)"),
    ],
)
def test_what_the_provider_says_is_told(cloud, command, monkeypatch, capsys, seen, told):
    job = found_job(command(*ONE, "--yes", "--no-wait")[0].strip())
    monkeypatch.setattr(ToyClient, "poll", lambda self, number: seen)
    job.status()
    with JobProgress(job):
        pass
    assert capsys.readouterr().err == f"{job.id}: {told}\n"


def test_an_interrupt_while_it_is_sent_or_waited_for(cloud, command, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(CloudJob, "result", interrupted)
        _, err = command(*ONE, "--yes", code=INTERRUPTED)
    (record,) = default_store().jobs()
    assert record.status == JobStatus.QUEUED
    assert f"To wait again: qtoolkit job result {record.id}" in err
    with monkeypatch.context() as patch:
        patch.setattr(ToyClient, "submit", interrupted)
        _, err = command(*ONE, "--yes", code=INTERRUPTED)
    assert "Interrupted while it was submitted" in err
    assert default_store().jobs()[0].status == JobStatus.UNKNOWN


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_ctrl_c_leaves_the_job_and_says_how_to_go_on(cloud, tmp_path):
    with running("toy", "3600") as busy:
        process = subprocess.Popen(
            [sys.executable, "-m", "qtoolkit", "submit", "bell.qasm", "--backend", "toy:free"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"TOY_URL": busy.address, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        for line in process.stderr:
            if line.endswith(": queued\n"):
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        assert process.returncode == INTERRUPTED
        assert out == ""
        assert "Traceback" not in err
        (record,) = default_store().jobs()
        assert record.status == JobStatus.QUEUED
        assert f"qtoolkit job result {record.id}" in err
        assert f"qtoolkit job cancel {record.id}" in err
        assert len(busy.jobs()) == 1
        os.environ["TOY_URL"], here = busy.address, os.environ["TOY_URL"]
        try:
            assert found_job(record.id).cancel()
        finally:
            os.environ["TOY_URL"] = here


def test_counts_are_checked_against_what_was_sent(cloud, command, data):
    out, _ = command(*ONE, "--yes", "--verify")
    assert out.splitlines()[-1] == "verdict: as the ideal circuit, within shot noise"
    found = data(*ONE, "--yes", "--verify")["verification"]
    assert found["agrees"] is True
    assert found["payload_distance"] < 1e-12
    wrong = {"match": "^GET /jobs/.*/result", "kind": "replaced", "body": json.dumps({"counts": [{"1": 1000}]})}
    cloud.faults(wrong)
    found = data(*ONE, "--yes", "--verify")
    assert found["verification"]["agrees"] is False
    assert sum(entry["count"] for entry in found["results"][0]["counts"]) == 1000
    cloud.faults()
    out, _ = command("job", "show", found["job"]["id"], "--verify")
    assert "verdict: differs from the ideal circuit" in out
    assert data("job", "show", found["job"]["id"], "--verify")["verification"]["agrees"] is False
    for option in ("--dry-run", "--no-wait"):
        _, err = command(*ONE, "--verify", option, code=BAD_INPUT)
        assert "--verify compares counts that have come" in err


def test_what_cannot_be_checked_does_not_hide_the_counts(cloud, command, data, monkeypatch):
    from toy_cloud import ToySerializer

    from qtoolkit.errors import ConversionError

    def unreadable(self, payload):
        raise ConversionError("nobody reads this")

    monkeypatch.setattr(ToySerializer, "circuits", unreadable)
    out, err = command(*ONE, "--yes", "--verify", code=BAD_INPUT)
    assert "cost of the job: 1.30 USD" in out
    assert "nobody reads this" in err
    assert len(data(*ONE, "--yes", "--verify", code=BAD_INPUT)["results"]) == 1


def test_the_token_is_nowhere(cloud, command, tmp_path):
    out, err = command(*ONE, "--yes")
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    cloud.faults({"match": "POST /jobs", "kind": "replaced", "status": 422, "body": f"not {TOKEN}"})
    _, more = command(*ONE, "--yes", code=BAD_INPUT)
    assert TOKEN not in out + err + more
    assert TOKEN.encode() not in written
