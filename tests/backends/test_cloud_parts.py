"""What clouds are made of: bits, secrets, requests, providers of other distributions, verdicts after a crash."""

import json
import pickle
import threading
import traceback
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from stubs.server import running
from stubs.toy import TOKEN
from toy_cloud import ToyBackend, ToyClient

from qtoolkit import Circuit
from qtoolkit.backends import JobStatus, JobStore, get_backend, job, list_backends, reconcile, registry
from qtoolkit.backends.cloud import BitMap, CannotTell, NotSent, Outcomes, Refused, Secret, VendorStatus, credential
from qtoolkit.backends.cloud.http import RestClient, check_address
from qtoolkit.backends.cloud.secrets import redacted, safe_cause
from qtoolkit.errors import (
    BackendError,
    CredentialsError,
    InputError,
    JobError,
    UnknownBackendError,
    UnknownSubmissionError,
)

# --- bits ---


def test_bits_of_several_registers_come_to_their_places():
    circuit = Circuit(3)
    circuit.add_clbits(2, "low")
    circuit.add_clbits(2, "high")
    bits = BitMap.of(circuit, {0: ("a", 1), 2: ("b", 0), 3: ("a", 0)})
    shots = Outcomes({"a": np.array([[1, 0], [1, 1]], np.uint8), "b": np.array([[0], [1]], np.uint8)})
    result = bits.result(shots, 2, backend_name="x")
    assert result.bitstrings == ("1000", "1101")
    assert BitMap.from_json(json.loads(json.dumps(bits.to_json()))) == bits


def test_counts_come_to_their_places_whatever_the_form():
    bits = BitMap.of(Circuit(3).measure_all(), {0: ("q", 2), 1: ("q", 0), 2: ("q", 1)})
    want = {"011": 6, "100": 4}
    assert bits.result(Outcomes.of_integers("q", 3, {0b101: 6, 0b010: 4}), 10).counts == want
    assert bits.result(Outcomes.of_bitstrings("q", {"101": 6, "010": 4}, first_is_left=False), 10).counts == want
    left = {"101": 6, "010": 4}
    assert bits.result(Outcomes.of_bitstrings("q", left, first_is_left=True), 10).counts == want
    asymmetric = BitMap.of(Circuit(2).measure_all(), {0: ("q", 0), 1: ("q", 1)})
    assert asymmetric.result(Outcomes.of_bitstrings("q", {"10": 1}, first_is_left=True), 1).counts == {"01": 1}
    assert asymmetric.result(Outcomes.of_bitstrings("q", {"10": 1}, first_is_left=False), 1).counts == {"10": 1}


def test_wide_integers_and_rows_that_are_the_same_bits():
    wide = BitMap.of(Circuit(1, 1), {0: ("q", 130)})
    outcomes = Outcomes.of_integers("q", 131, {1 << 130: 2, (1 << 130) + 1: 3, 5: 1})
    assert wide.result(outcomes, 6).counts == {"1": 5, "0": 1}
    assert outcomes.shots == 6


@pytest.mark.parametrize(
    "make",
    [
        lambda: Outcomes.of_integers("q", 2, {4: 1}),
        lambda: Outcomes.of_integers("q", 2, {-1: 1}),
        lambda: Outcomes.of_integers("q", 2, {1: 0.5}),
        lambda: Outcomes.of_integers("q", 2, {1: -1}),
        lambda: Outcomes.of_bitstrings("q", {"012": 1}, first_is_left=True),
        lambda: Outcomes.of_bitstrings("q", {"01": 1, "1": 2}, first_is_left=True),
        lambda: Outcomes.of_bitstrings("q", {"01": 1}, first_is_left=True, width=3),
    ],
)
def test_outcomes_that_cannot_be(make):
    with pytest.raises(JobError):
        make()


def test_an_answer_that_lacks_a_bit_is_refused():
    bits = BitMap.of(Circuit(2).measure_all(), {0: ("q", 0), 1: ("r", 3)})
    with pytest.raises(JobError, match="lacks bit 3 of 'r'; it has q of 2"):
        bits.result(Outcomes.of_integers("q", 2, {1: 5}), 5)
    with pytest.raises(JobError, match="returned 5 shots, 6 were asked for"):
        bits.result(Outcomes.of_integers("q", 2, {1: 5}), 6)
    with pytest.raises(JobError, match="shots"):  # whose sum is 6, but for 2^64
        bits.result(Outcomes.of_integers("q", 2, {0: 2**63 - 1, 1: 2**63 - 1, 2: 8}), 6)


# --- secrets ---


def test_a_secret_shows_itself_to_nobody():
    secret = Secret("s3cr3t-value")
    assert "s3cr3t" not in f"{secret} {secret!r} {[secret]}"
    assert redacted("a s3cr3t-value b") == "a ••• b"
    with pytest.raises(TypeError, match="not written"):
        pickle.dumps(secret)


def test_a_cause_that_holds_a_secret_is_left_out():
    Secret("another-token-77")
    error = KeyError("x")
    error.__cause__ = ValueError("header Bearer another-token-77")
    assert safe_cause(error) is None
    plain = OSError("gone")
    assert safe_cause(plain) is plain


def test_credentials_come_from_the_environment_or_the_keyring(monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "from-environment")
    assert credential("SOME_TOKEN", "a cloud").reveal() == "from-environment"
    monkeypatch.delenv("SOME_TOKEN")
    keyring = pytest.importorskip("keyring")
    monkeypatch.setattr(keyring, "get_password", lambda service, name: {"SOME_TOKEN": "from-keyring"}.get(name))
    assert credential("SOME_TOKEN", "a cloud").reveal() == "from-keyring"
    with pytest.raises(CredentialsError, match="a cloud needs the credential OTHER_TOKEN, which is not set; set OTHER"):
        credential("OTHER_TOKEN", "a cloud")

    def broken(service, name):
        raise keyring.errors.KeyringError("locked")

    monkeypatch.setattr(keyring, "get_password", broken)
    with pytest.raises(CredentialsError):
        credential("SOME_TOKEN", "a cloud")


# --- requests ---


@pytest.mark.parametrize(
    "address",
    [
        *("http://example.org", "ftp://127.0.0.1", "example.org", "", None, 3, "https://"),
        *("http://[::1", "https://a b", "https://a\nb", "https://example.org:99999", "https://example.org:x"),
        *("https://me:secret@example.org", "https://me@example.org"),
    ],
)
def test_addresses_that_are_none_or_leave_without_tls(address):
    with pytest.raises(InputError):
        check_address(address)


@pytest.mark.parametrize(
    "address", ["https://example.org/api", "http://127.0.0.1:80", "http://localhost", "http://[::1]"]
)
def test_addresses(address):
    assert check_address(address) == address


class _Answers(BaseHTTPRequestHandler):
    seen: list[str] = []  # noqa: RUF012

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.seen.append(self.path)
        code = int(self.path.rpartition("/")[2])
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "/200")
        body = b'{"a": 1}' if code != 206 else b"{"
        self.send_header("Content-Length", str(len(body) + (10 if code == 203 else 0)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="module")
def rest():
    server = HTTPServer(("127.0.0.1", 0), _Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield RestClient(f"http://127.0.0.1:{server.server_address[1]}/")
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("code", "error"),
    [(400, Refused), (404, Refused), (422, Refused), (429, Refused), (401, CredentialsError), (403, CredentialsError),
     (408, OSError), (409, OSError), (500, OSError), (503, OSError), (302, OSError), (203, OSError)],
)  # fmt: skip
def test_what_an_answer_says_of_a_request(rest, code, error):
    _Answers.seen.clear()
    with pytest.raises(error):
        rest.get(f"/{code}")
    assert _Answers.seen == [f"/{code}"]


def test_an_answer_that_is_no_json(rest):
    assert rest.get("/200").json() == {"a": 1}
    with pytest.raises(ValueError, match="is no JSON, it begins"):
        rest.get("/206").json()


def test_a_server_that_is_not_there():
    with pytest.raises(NotSent, match="cannot be reached"):
        RestClient("http://127.0.0.1:9").get("/")


# --- providers of other distributions ---


@pytest.mark.usefixtures("toy_provider")
def test_other_distributions_register_backends(monkeypatch):
    monkeypatch.setenv("TOY_TOKEN", TOKEN)
    backend = get_backend("toy:one", address="http://127.0.0.1:9", seconds=3)
    assert isinstance(backend, ToyBackend)
    assert backend.options == {"address": "http://127.0.0.1:9", "seconds": 3}
    with pytest.raises(InputError, match="options of the backend toy:one are: address, seconds, store, max_cost"):
        get_backend("toy:one", colour="red")
    with pytest.raises(UnknownBackendError, match="toy:one"):
        get_backend("toi:one")
    monkeypatch.delenv("TOY_TOKEN")
    with pytest.raises(CredentialsError, match="TOY_TOKEN"):
        get_backend("toy:one", address="http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("target", "message"),
    [("json:dumps", "must be a Provider"), ("no_such_module:x", "cannot be loaded: ModuleNotFoundError"),
     ("qtoolkit.backends.local:PROVIDER", "is there already")],
)  # fmt: skip
def test_entry_points_that_hold_something_else(monkeypatch, tmp_path, target, message):
    info = tmp_path / "odd-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[qtoolkit.backends]\nodd = {target}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry.providers.cache_clear()
    try:
        with pytest.raises(BackendError, match=message):
            list_backends()
    finally:
        monkeypatch.undo()
        registry.providers.cache_clear()
    assert list_backends()


def test_states_of_a_vendor_are_a_closed_set():
    known = {"DONE": JobStatus.DONE}
    assert VendorStatus.of("DONE", known).status is JobStatus.DONE
    odd = VendorStatus.of("defragmenting", known)
    assert (odd.status, odd.raw) == (JobStatus.UNKNOWN, "defragmenting")


# --- verdicts ---


@pytest.fixture
def service(toy_provider, tmp_path, monkeypatch):
    with running("toy") as server:
        monkeypatch.setenv("QTOOLKIT_JOBS", str(tmp_path / "jobs.sqlite3"))
        monkeypatch.setenv("TOY_URL", server.address)
        monkeypatch.setenv("TOY_TOKEN", TOKEN)
        yield server


def unknown_job(service, monkeypatch, kind):
    """A submission whose fate is open: the look-up right behind it fails, too."""
    service.faults({"match": "POST /jobs", "kind": kind, "times": 1}, {"match": "GET /jobs", "kind": "error_before"})
    with pytest.raises(UnknownSubmissionError, match="say qtoolkit reconcile") as caught:
        get_backend("toy:one").run(Circuit(2).x(0).measure_all(), 10)
    return caught.value.job_id


def test_reconciling_asks_and_never_sends(service, monkeypatch):
    accepted = unknown_job(service, monkeypatch, "error_after")
    (verdict,) = reconcile()
    assert (verdict.verdict, verdict.vendor_id) == ("unknown", None)
    assert "could not be asked" in verdict.reason
    service.faults()
    (verdict,) = reconcile()
    assert (verdict.job_id, verdict.verdict, verdict.vendor_id) == (accepted, "accepted", "toy-000000")
    assert reconcile() == []
    assert job(accepted).result(30).counts == {"01": 10}
    posts = [line for line in service.log() if line["method"] == "POST"]
    assert len(posts) == 1


def test_what_may_still_be_on_its_way_is_not_called_lost(service, monkeypatch):
    lost = unknown_job(service, monkeypatch, "error_before")
    service.faults()
    (verdict,) = reconcile()
    assert verdict.verdict == "unknown"
    assert "may be on its way" in verdict.reason
    with pytest.raises(UnknownSubmissionError, match="say qtoolkit reconcile"):
        job(lost).result(1)
    (verdict,) = reconcile(settling=timedelta(0))
    assert verdict.verdict == "lost"
    with pytest.raises(JobError, match="was lost"):
        job(lost).result(1)
    get_backend("toy:one").run(Circuit(2).x(0).measure_all(), 10)  # may be sent now


def test_a_service_without_look_up_leaves_it_unknown(service, monkeypatch):
    def blind(self, payload, key):
        raise CannotTell("no lists")

    unknown_job(service, monkeypatch, "error_after")
    service.faults()
    monkeypatch.setattr(ToyClient, "find", blind)
    (verdict,) = reconcile(settling=timedelta(0))
    assert verdict.verdict == "unknown"
    assert "no way to look a submission up: no lists" in verdict.reason


def test_credentials_that_are_missing_leave_it_unknown(service, monkeypatch):
    unknown_job(service, monkeypatch, "error_after")
    monkeypatch.delenv("TOY_TOKEN")
    (verdict,) = reconcile(settling=timedelta(0))
    assert verdict.verdict == "unknown"
    assert "TOY_TOKEN" in verdict.reason


def test_an_interrupted_submission_is_on_record(service, monkeypatch):
    def interrupted(self, payload, key):
        raise KeyboardInterrupt

    monkeypatch.setattr(ToyClient, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        get_backend("toy:one").run([Circuit(1).measure_all()] * 4, 10)
    (record,) = JobStore().jobs()
    assert [part.status for part in record.parts] == [JobStatus.UNKNOWN, JobStatus.FAILED]


def test_a_refusal_is_no_job(service):
    backend = get_backend("toy:one")
    with pytest.raises(BackendError, match="toy:one refused the job: POST /jobs: 422") as caught:
        backend.run(Circuit(1).measure_all(), 2 * 10**6)
    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    (record,) = JobStore().jobs()
    assert record.status is JobStatus.FAILED
    assert "too many shots" in record.parts[0].reason


def test_a_part_that_is_refused_leaves_the_others(service, monkeypatch):
    send = ToyClient.submit

    def choosy(self, payload, key):
        if key.endswith("-1"):
            raise Refused("not that one")
        return send(self, payload, key)

    monkeypatch.setattr(ToyClient, "submit", choosy)
    circuits = [Circuit(2).x(k % 2).measure_all() for k in range(8)]
    here = get_backend("toy:one").run(circuits, 10)
    with pytest.raises(JobError, match=r"3 of 8 circuits failed; circuit 3 of job .*: refused: not that one") as caught:
        here.result(30)
    assert sorted(caught.value.failures) == [3, 4, 5]
    assert caught.value.results[6].counts == {"01": 10}
