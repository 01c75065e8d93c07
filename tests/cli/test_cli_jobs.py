"""`qtoolkit jobs`, `job …`, `reconcile` and the services in `backends`, on a cloud and on record."""

import json
import re

import pytest
from stubs.toy import TOKEN

from qtoolkit.backends import JobStatus, list_backends
from qtoolkit.backends.cloud import default_store
from qtoolkit.cli.entry import BAD_INPUT

FREE = ("submit", "bell.qasm", "--backend", "toy:free", "--shots", "100")


@pytest.fixture
def job_id(cloud, command) -> str:
    return command(*FREE, "--no-wait")[0].strip()


def unanswered(cloud, command) -> str:
    """A job of which nobody knows whether it was accepted."""
    cloud.faults({"match": "POST /jobs", "kind": "error_before"}, {"match": "GET /jobs", "kind": "error_before"})
    command(*FREE, code=BAD_INPUT)
    cloud.faults()
    return default_store().jobs()[0].id


def test_jobs_are_listed_as_last_seen_and_asked_for_on_demand(cloud, command, data, job_id):
    out, _ = command("jobs")
    assert out.splitlines()[0].split() == ["job", "backend", "status", "shots", "cost", "age"]
    assert re.fullmatch(rf"{job_id} +toy:free +queued +100 +free +\d+ s", out.splitlines()[2])
    assert [job["status"] for job in data("jobs")] == ["queued"]
    assert [job["status"] for job in data("jobs", "--refresh")] == ["done"]
    assert "done" in command("jobs")[0]


def test_jobs_are_chosen(cloud, command, data, job_id):
    command("submit", "bell.qasm", "bell.qasm", "--backend", "toy:one", "--shots", "10", "--yes")
    assert [job["backend"] for job in data("jobs")] == ["toy:one", "toy:free"]
    assert [job["backend"] for job in data("jobs", "--backend", "toy:free")] == ["toy:free"]
    assert [job["status"] for job in data("jobs", "--status", "open")] == ["queued"]
    assert [job["status"] for job in data("jobs", "--status", "done", "--status", "queued")] == ["done", "queued"]
    assert len(data("jobs", "--limit", "1")) == 1
    assert "2 × 10  0.62 USD" in command("jobs")[0]
    _, err = command("jobs", "--status", "finished", code=BAD_INPUT)
    assert "one of prepared, unknown, queued" in err
    assert command("jobs", "--backend", "toy:two") == ("", "No job of this kind is on record.\n")


def test_no_job_is_no_error(cloud, command, data):
    assert command("jobs") == ("", "No job is on record.\n")
    assert data("jobs") == []
    _, err = command("job", "show", "toy-0", code=BAD_INPUT)
    assert "no job 'toy-0' is in the job store" in err
    assert "Nothing is open" in command("reconcile")[1]
    assert data("reconcile") == []
    assert "--settling" in command("reconcile", "--settling", "nan", code=BAD_INPUT)[1]


def test_what_cannot_be_asked_is_noted_and_stays(cloud, command, data, job_id, monkeypatch):
    monkeypatch.delenv("TOY_TOKEN")
    out, err = command("jobs", "--refresh")
    assert "needs the credential TOY_TOKEN" in err
    assert "queued" in out


def test_show_is_everything_on_record(cloud, command, data, job_id):
    out, _ = command("job", "show", job_id[:9])
    facts = dict(re.split("  +", line, maxsplit=1) for line in out.splitlines())
    vendor_id = default_store().job(job_id).parts[0].vendor_id
    assert facts["job"] == job_id
    assert facts["circuits"] == "1 circuit, 100 shots"
    assert facts["provider's id"] == vendor_id
    assert facts["sent as"].startswith("toy.json, ")
    command("job", "result", vendor_id)
    out, _ = command("job", "show", job_id, "--events")
    assert "DONE" in out  # the provider's own word
    assert "intent committed" in out
    assert f"accepted as {vendor_id}" in out
    found = data("job", "show", job_id, "--events")
    assert [event["status"] for event in found["events"]][:2] == ["prepared", "queued"]
    assert found["parts"][0]["is_readable"] is True
    assert found["parts"][0]["result_bytes"] > 0
    assert "events" not in data("job", "show", job_id)


def test_show_lists_several_submissions(cloud, command):
    command("submit", *["bell.qasm"] * 4, "--backend", "toy:free", "--shots", "10")
    (record,) = default_store().jobs()
    out, _ = command("job", "show", record.id)
    rows = [line.split() for line in out.splitlines()[-2:]]
    assert [row[:3] for row in rows] == [["0", "0–2", "done"], ["1", "3", "done"]]
    assert [row[3] for row in rows] == list(record.vendor_ids)


def test_results_on_record_need_no_service(cloud, command, data, job_id, monkeypatch):
    first = data("job", "result", job_id)
    monkeypatch.setenv("TOY_URL", "http://127.0.0.1:9")
    monkeypatch.delenv("TOY_TOKEN")
    again = data("job", "result", job_id)
    assert again["results"] == first["results"]
    assert first["job"]["status"] == "done"


def test_a_result_that_takes_longer_than_allowed(cloud, command, job_id):
    cloud.faults({"kind": "endless_status"})
    _, err = command("job", "result", job_id, "--timeout", "0.3", code=BAD_INPUT)
    assert "is running after 0.3 s; ask for the result again with more time" in err
    cloud.faults()
    assert "100 shots" in command("job", "result", job_id)[0]


def test_a_job_is_cancelled_unless_it_has_ended(cloud, command, job_id):
    command("job", "result", job_id)
    _, err = command("job", "cancel", job_id, code=BAD_INPUT)
    assert "is done and can no longer be cancelled" in err
    cloud.faults({"kind": "endless_status"})
    other = command(*FREE, "--no-wait")[0].strip()
    assert command("job", "cancel", other)[0] == f"{other} is running; the provider was asked to cancel it.\n"
    cloud.faults()
    assert command("job", "cancel", other)[0] == f"{other} is cancelled.\n"
    _, err = command("job", "result", other, code=BAD_INPUT)
    assert "was cancelled" in err


def test_what_never_arrived_is_lost_when_it_has_settled(cloud, command, data):
    job_id = unanswered(cloud, command)
    out, err = command("reconcile")
    assert f"{job_id}" in out
    assert "unknown" in out
    assert "younger than 300 s" in " ".join(out.split())
    assert "qtoolkit job forget" in err
    (verdict,) = data("reconcile", "--settling", "0")
    assert (verdict["job_id"], verdict["verdict"], verdict["vendor_id"]) == (job_id, "lost", None)
    assert default_store().job(job_id).status == JobStatus.LOST


def test_what_is_open_is_said_below_the_table(cloud, command):
    assert command(*FREE, "--no-wait")
    assert command("jobs")[1] == ""
    unanswered(cloud, command)
    assert "qtoolkit reconcile" in command("jobs")[1]


def test_run_leaves_clouds_to_submit(cloud, command):
    _, err = command("run", "bell.qasm", "--backend", "toy:free", code=BAD_INPUT)
    assert "toy:free is a cloud, which may cost money: qtoolkit submit shows its price" in err
    assert default_store().jobs() == []


def test_a_job_is_given_up(cloud, command):
    job_id = unanswered(cloud, command)
    assert command("job", "forget", job_id)[0] == f"{job_id} is given up; toy:free may run it all the same.\n"
    assert default_store().job(job_id).parts[0].reason == "given up by the user"
    command(*FREE)
    _, err = command("job", "forget", job_id, code=BAD_INPUT)
    assert "only a job whose fate is unknown is given up" in err


def test_services_say_what_they_need(cloud, command, data, monkeypatch):
    state = data("backends", "--provider", "toy")["services"][0]
    assert state == {
        "provider": "toy",
        "description": "a cloud of the tests",
        "extra": None,
        "is_installed": True,
        "credentials": {"TOY_TOKEN": True},
        "examples": ["toy:one"],
        "can_be_asked": True,
    }
    out, _ = command("backends", "--provider", "toy")
    assert "a cloud of the tests  toy:one  TOY_TOKEN (set)" in out
    monkeypatch.delenv("TOY_TOKEN")
    assert "TOY_TOKEN (not set)" in command("backends", "--provider", "toy")[0]
    assert TOKEN not in out
    assert data("backends")["backends"] == [vars(info) for info in list_backends()]


def test_services_are_asked_for_their_devices(cloud, command, data, monkeypatch):
    found = data("backends", "--live", "--provider", "toy")
    assert [device["name"] for device in found["devices"]] == ["toy:one"]
    assert found["errors"] == {}
    out, _ = command("backends", "--live", "--provider", "toy")
    assert re.match(r"toy:one +\d+ +online +\d+", out.splitlines()[-1])
    cloud.faults({"match": "GET /devices", "kind": "unauthorized"})
    out, err = command("backends", "--live", "--provider", "toy")
    assert err.startswith("toy: ")
    assert "does not take the credentials" in err
    cloud.faults({"match": "GET /devices", "kind": "truncated"})
    assert "toy: ValueError" in command("backends", "--live", "--provider", "toy")[1]
    monkeypatch.delenv("TOY_TOKEN")
    assert data("backends", "--live", "--provider", "toy")["errors"] == {"toy": "not asked: set TOY_TOKEN"}


def test_an_unknown_provider_is_refused(cloud, command):
    _, err = command("backends", "--provider", "nobody", code=BAD_INPUT)
    assert "the providers are local, ibm" in err


def test_costs_and_caps(cloud, command, data):
    assert command("cost") == (
        "",
        'No job that costs anything is on record.\nNo cap is set: qtoolkit cost --cap "50 USD" sets one.\n',
    )
    paid = ("submit", "bell.qasm", "--backend", "toy:one", "--shots", "100", "--yes")
    command(*paid)
    command(*FREE)
    command("submit", "bell.qasm", "--backend", "toy:other", "--yes")
    out, _ = command("cost", "--cap", "0.90 usd", "--since", "2026-01-01")
    assert [line.split() for line in out.splitlines()[2:5]] == [
        ["toy:free", "1", "free"],
        ["toy:one", "1", "0.40", "USD"],
        ["toy:other", "1", "unknown"],
    ]
    assert out.splitlines()[-1].split() == ["USD", "since", "2026-01-01", "0.90", "0.40", "0.50"]
    command(*paid)
    _, err = command(*paid, code=BAD_INPUT)
    assert "would cost 0.40 USD beside 0.80 spent since 2026-01-01, the cap is 0.90; nothing has left" in err
    found = data("cost")
    assert found["spent"][1] == {"backend": "toy:one", "currency": "USD", "amount": "0.80", "jobs": 2}
    assert found["caps"] == [
        {"currency": "USD", "amount": "0.90", "since": "2026-01-01T00:00:00+00:00", "spent": "0.80"}
    ]
    assert "No price at hand is in USDD" in command("cost", "--cap", "5 usdd")[1]
    assert "No price" not in command("cost", "--no-cap", "usdd")[1] + command("cost", "--cap", "0.90 USD")[1]
    assert data("cost", "--since", "2100-01-01")["spent"] == []
    assert data("cost", "--no-cap", "usd")["caps"] == []
    command(*paid)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--cap", "5"], "an amount and its currency"),
        (["--prices", "--cap", "5 USD", "--since", "2026-01-01"], "got --cap and --since; leave"),
        (["--cap", "lots of USD"], "a cap is an amount"),
        (["--cap", "-5 USD"], "a cap is an amount"),
        (["--no-cap", "USD"], "no cap of USD is set"),
        (["--cap", "5 USD", "--no-cap", "USD"], "give one of them"),
        (["--since", "yesterday"], "--since is a day such as 2026-12-31"),
    ],
)
def test_bad_caps_are_refused(cloud, command, options, message):
    _, err = command("cost", *options, code=BAD_INPUT)
    assert message in err
    assert default_store().caps() == []


def test_prices_are_printed_with_source_and_day(cloud, command, data):
    out, _ = command("cost", "--prices")
    assert out.splitlines()[2].startswith("toy:one ")
    assert "0.30 USD a task and 0.00145 a" in out
    assert "2026-09-04" in out
    assert "https://aws.amazon.com/braket/pricing/" in out
    first = data("cost", "--prices")[0]
    assert first == {
        "backends": ["toy:one"],
        "model": "task and shot",
        "currency": "USD",
        "plan": "",
        "rates": {"per_task": "0.30", "per_shot": "0.001"},
        "note": "a toy",
        "source": "https://example.org/prices",
        "as_of": "2026-11-01",
        "is_own": True,
    }


def test_json_has_no_floats_for_money(cloud, data):
    text = json.dumps(data("submit", "bell.qasm", "--backend", "toy:one", "--shots", "7", "--yes", "--no-wait"))
    assert '"cost": "0.31"' in text
