"""What errors of SDKs say of a request: whether it left, and whether it was refused."""

from __future__ import annotations

import http.client
import socket

import pytest

from qtoolkit.backends.cloud.reach import is_refusal, never_left, why_not_reached


def caught(call) -> Exception:
    with pytest.raises(Exception) as found:  # noqa: PT011 - whatever the package raises
        call()
    return found.value


@pytest.fixture
def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_a_port_that_nobody_listens_on(closed_port) -> None:
    requests = pytest.importorskip("requests")
    assert never_left(caught(lambda: requests.post(f"http://127.0.0.1:{closed_port}/", timeout=5)))
    assert never_left(caught(lambda: socket.create_connection(("127.0.0.1", closed_port), timeout=5)))


def test_why_is_told_without_the_layers_around_it(closed_port) -> None:
    requests = pytest.importorskip("requests")
    error = caught(lambda: requests.post(f"http://127.0.0.1:{closed_port}/", timeout=5))
    assert "HTTPConnection" in str(error)
    assert why_not_reached(error) == "Failed to establish a new connection: [Errno 111] Connection refused"
    assert why_not_reached(ValueError("odd")) == "odd"


def test_a_server_that_hangs_up_or_says_nothing() -> None:
    requests = pytest.importorskip("requests")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        assert not never_left(caught(lambda: requests.post(address, timeout=0.2)))


def test_plain_errors_and_loops() -> None:
    error = ValueError("odd")
    error.__cause__ = RuntimeError("odd", error)
    assert not never_left(error)
    error.__cause__.__cause__ = ConnectionRefusedError()
    assert never_left(error)
    assert never_left(RuntimeError(socket.gaierror()))


def test_statuses() -> None:
    refused = [status for status in (200, 302, 400, 401, 404, 408, 409, 422, 425, 429, 500, 503) if is_refusal(status)]
    assert refused == [400, 401, 404, 422, 429]


@pytest.mark.parametrize(
    "first", [ConnectionResetError(), http.client.RemoteDisconnected(""), http.client.BadStatusLine("")]
)
def test_what_was_tried_twice_may_have_arrived_the_first_time(first) -> None:
    """The server took the request and went down: the second try met a closed port."""
    second = ConnectionRefusedError()
    second.__context__ = first
    assert not never_left(second)
    assert not never_left(RuntimeError(second))
