"""Tests run what is compiled, write jobs into a store of their own, and speak to this machine alone."""

import ipaddress
import socket

import pytest
from toy_cloud import toy_provider  # noqa: F401

from qtoolkit_kernels import _jit


@pytest.fixture(scope="session", autouse=True)
def _compiled_planner():
    """The planner is interpreted where it is not compiled yet."""
    with _jit.waiting_for_compiler():
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_job_store(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QTOOLKIT_JOBS", str(tmp_path_factory.mktemp("jobs") / "jobs.sqlite3"))
        yield


@pytest.fixture(scope="session", autouse=True)
def _loopback_alone():
    """Refuse connections that leave this machine, in whatever package they are made."""
    connect = socket.socket.connect

    def checked(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            raise AssertionError(f"a test tried to connect to {address}; tests speak to this machine alone")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", checked)
        yield


def _is_here(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
