"""Requests against servers that trickle, lie or echo; where credentials may go, and what may show them."""

import contextlib
import io
import json
import logging
import socket
import threading
import time
import traceback
from http.client import HTTPConnection
from urllib.parse import quote, quote_plus

import pytest
import rich.console
import rich.traceback

from qtoolkit.backends.cloud import Refused, Secret
from qtoolkit.backends.cloud.http import Reply, RestClient, check_address
from qtoolkit.backends.cloud.secrets import credential, redacted, redacted_bytes, redacted_start, safe_cause, told
from qtoolkit.errors import CredentialsError, InputError

TOKEN = "tok/en+1234567890=="
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@contextlib.contextmanager
def serving(answer, pause=0.0):
    """A server that sends these bytes to whoever connects, letter by letter where it pauses, and what it was sent."""
    listener = socket.create_server(("127.0.0.1", 0))
    seen, ended = [], threading.Event()

    def serve():
        while not ended.is_set():
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                with connection:
                    seen.append(connection.recv(65536))
                    for piece in [bytes([byte]) for byte in answer] if pause else [answer]:
                        connection.sendall(piece)
                        if ended.wait(pause):
                            return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", seen
    finally:
        ended.set()
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def client(address, seconds=5.0):
    token = Secret(TOKEN)
    return RestClient(address, lambda: {"Authorization": f"Bearer {token.reveal()}"}, seconds)


# --- every request ends ---


@pytest.mark.parametrize(
    "answer",
    [
        OK[:-2] + b"{" * 1000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 300,
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % k for k in range(90)) + b"\r\n",
        b"HTTP/1.1 503 " + b"x" * 1000,
        b"HTTP/1.1 503 No\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000,
    ],
    ids=["body-first", "body", "body-without-length", "chunks", "headers", "status-line", "error-body"],
)
def test_an_answer_that_trickles_in_ends(answer):
    """Each byte comes well within the time-out of a socket, the whole would take for ever."""
    with serving(answer, pause=0.02) as (address, _):
        begin = time.monotonic()
        if answer is not None and answer.startswith(OK[:-2]):
            assert client(address, 20.0).get("/").body == b"{{"
        else:
            with pytest.raises(OSError, match=r"no end after 0\.4 s|503"):
                client(address, 0.4).get("/")
        assert time.monotonic() - begin < 10.0


def test_watches_end_with_their_requests():
    before = threading.active_count()
    with serving(OK) as (address, _):
        there = client(address, 60.0)
        for _ in range(20):
            assert there.get("/").json() == {}
        assert threading.active_count() <= before + 2


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n", OK[:-2],
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200,
     b"HTTP/1.1 200 " + b"x" * 10**5, b"HTTP/1.1 100 Go on\r\n\r\n" * 3],
)  # fmt: skip
def test_answers_that_are_none_leave_it_open(answer):
    """Whatever came, the server may have taken the job: neither refused nor not sent."""
    with serving(answer) as (address, _), pytest.raises(OSError, match="ended with"):
        client(address).send("POST", "/jobs", b"{}")


def test_an_answer_longer_than_the_store_takes(monkeypatch):
    monkeypatch.setattr("qtoolkit.backends.cloud.http._MOST_BYTES", 10)
    with serving(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 11) as (address, _), pytest.raises(OSError, match="more than 10"):
        client(address).get("/")
    with serving(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10) as (address, _):
        assert client(address).get("/").body == b"x" * 10


@pytest.mark.parametrize("body", [b"[" * 100_000, b"9" * 5000, b"\xff\xff", b"", b"{"])
def test_bodies_that_are_no_json(body):
    with serving(b"HTTP/1.1 200 OK\r\n\r\n" + body) as (address, _):
        answer = client(address).get("/")
        with pytest.raises(ValueError, match="is no JSON, it begins"):
            answer.json()


# --- where credentials go ---


def test_no_proxy_of_the_environment_sees_what_goes_to_this_machine(monkeypatch):
    with serving(OK) as (proxy, theirs), serving(OK) as (address, seen):
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "")
        client(address).get("/")
    assert theirs == []
    assert TOKEN.encode() in seen[0]


@pytest.mark.parametrize("address", ["https://user:pass-word@example.org", "https://token-text@example.org"])
def test_credentials_in_an_address_are_refused_and_not_repeated(address):
    with pytest.raises(InputError, match="do not belong") as caught:
        check_address(address)
    assert "pass-word" not in str(caught.value)
    assert "token-text" not in str(caught.value)
    with pytest.raises(InputError):
        check_address("http://[::1")


@pytest.mark.parametrize("token", ["line-break\nX-Evil: 1", "tail-break\r\n", "schlüssel-wort", "nul-nul-\x00"])
def test_what_no_header_holds_is_not_sent_and_not_shown(token):
    secret = Secret(token)
    with serving(OK) as (address, seen):
        there = RestClient(address, lambda: {"Authorization": secret})
        with pytest.raises(CredentialsError, match=r"header Authorization .* set the credential again") as caught:
            there.get("/")
    assert seen == []
    for text in views(caught.value):
        assert token[:8] not in text


def test_line_breaks_at_the_end_of_a_credential_are_not_part_of_it(monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", " in-a-file-77\r\n")
    assert credential("SOME_TOKEN", "a cloud").reveal() == "in-a-file-77"
    monkeypatch.setenv("SOME_TOKEN", " \n")
    keyring = pytest.importorskip("keyring")
    monkeypatch.setattr(keyring, "get_password", lambda *_: "in-a-ring-77\n")
    assert credential("SOME_TOKEN", "a cloud").reveal() == "in-a-ring-77"


# --- what shows them ---


def views(error):
    """An error as Python, logging, Rich with every local variable, and pickles of its arguments show it."""
    yield "".join(traceback.format_exception(error))
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    logger = logging.getLogger("views")
    logger.propagate = False
    logger.addHandler(handler)
    try:
        raise error
    except type(error):
        logger.exception("it failed")
    logger.removeHandler(handler)
    yield out.getvalue()
    ours = error.__traceback__
    while not ours.tb_frame.f_code.co_filename.endswith("cloud/http.py"):
        ours = ours.tb_next  # the tests' own frames hold what they planted
    console = rich.console.Console(file=io.StringIO(), width=200)
    console.print(
        rich.traceback.Traceback.from_exception(
            type(error), error, ours, show_locals=True, locals_max_string=None, locals_max_length=None
        )
    )
    yield console.file.getvalue()
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.endswith("cloud/http.py"):
            yield repr(frame.f_locals)
    yield repr(error.args)


@pytest.mark.parametrize("status", ["400 Bad", "401 No", "500 Oh", "302 Go", "200 OK"])
@pytest.mark.parametrize("echo", [TOKEN, "tok%2Fen%2B1234567890%3D%3D", "Bearer " + TOKEN])
def test_what_a_server_echoes_is_not_shown(status, echo):
    answer = f"HTTP/1.1 {status} {echo}\r\nContent-Length: 300000\r\n\r\nno: {echo}"
    with serving(answer.encode()) as (address, _):
        with pytest.raises((OSError, Refused, CredentialsError)) as caught:
            client(address).send("POST", "/jobs", b"{}")
        for text in views(caught.value):
            assert echo not in text
            assert TOKEN not in text
        assert safe_cause(caught.value) is None or TOKEN not in repr(caught.value.__context__)


def test_what_is_sent_is_printed_in_no_debug_mode(monkeypatch, capfd):
    monkeypatch.setattr(HTTPConnection, "debuglevel", 1)
    with serving(OK) as (address, _):
        client(address).get("/")
    assert TOKEN not in "".join(capfd.readouterr())


def test_a_secret_at_a_cut_is_replaced_as_a_whole():
    secret = "a-long-secret-" + "z" * 400
    Secret(secret)
    body = b"x" * 55 + secret.encode() + b"y" * 100
    with pytest.raises(ValueError, match="no JSON") as caught:
        Reply(200, body).json()
    assert "a-lon" not in str(caught.value)
    assert "a-l" not in redacted_start(body, 60)
    assert "a-l" not in told(body.decode())
    assert secret.encode() not in redacted_bytes(body)


@pytest.mark.parametrize("shape", ["{}", "%s", "json", "repr"])
def test_secrets_are_known_as_addresses_and_literals_write_them(shape):
    secret = "pass\"word\\ with + /spaces'\n"
    Secret(secret)
    written = {"{}": quote(secret), "%s": quote_plus(secret), "json": json.dumps(secret), "repr": repr(secret)}[shape]
    assert "spaces" not in redacted(f"a {written} b")


def test_short_secrets_do_not_change_data():
    Secret("0101")
    assert redacted_bytes(b'{"0101": 5}') == b'{"0101": 5}'


def test_what_a_service_says_becomes_one_line():
    assert told("a\n\tb\x1b[2J \ud800 c") == "a b\N{REPLACEMENT CHARACTER}[2J \N{REPLACEMENT CHARACTER} c"
    assert len(told("x" * 10**6)) == 1001
    assert told(None) == "None"
