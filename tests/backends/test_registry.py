"""`get_backend` and `list_backends`: names, options, and what happens without a vendor's package."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import qtoolkit
from qtoolkit.backends import BackendInfo, LocalBackend, get_backend, list_backends
from qtoolkit.errors import InputError, MissingExtraError, UnknownBackendError

VENDORS = ["qiskit", "qiskit_ibm_runtime", "qiskit_aer", "braket", "cirq", "pyqpanda3", "cqlib"]


def test_the_list_is_complete_and_distinct() -> None:
    found = list_backends()
    names = [info.name for info in found]
    assert len(set(names)) == len(names)
    assert names[:2] == ["local", "local:single"]
    assert {"ibm:fake_manila", "ibm:fake_torino", "braket:local", "braket:local_dm"} <= set(names)
    by_name = {info.name: info for info in found}
    assert by_name["local"] == BackendInfo(
        name="local",
        provider="local",
        description="simulation on this machine, amplitudes in double precision",
        kind="simulator",
        num_qubits=None,
        extra=None,
        is_installed=True,
    )
    assert by_name["ibm:fake_manila"].num_qubits == 5
    assert by_name["ibm:fake_manila"].kind == "noisy simulator"
    for info in found:
        assert info.name.partition(":")[0] == info.provider
        assert info.extra == (None if info.provider == "local" else info.provider)


def test_listing_and_running_here_load_no_vendor() -> None:
    script = f"""
import json, sys
from qtoolkit import Circuit, get_backend, list_backends
names = [info.name for info in list_backends()]
get_backend("local").run(Circuit(1).x(0).measure_all(), 1).result()
import qtoolkit.backends.ibm, qtoolkit.backends.braket
print(json.dumps([len(names), [name for name in {VENDORS} if name in sys.modules]]))
"""
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    count, loaded = json.loads(output)
    assert count == len(list_backends())
    assert loaded == []


def test_top_level_names_are_these() -> None:
    assert qtoolkit.get_backend is get_backend
    assert qtoolkit.list_backends is list_backends


@pytest.mark.parametrize(
    ("name", "closest"),
    [
        ("locl", "'local'"),
        ("ibm:fake_manilla", "'ibm:fake_manila'"),
        ("IBM:FAKE_LAGOS", "'ibm:fake_lagos'"),
        ("braket:locl", "'braket:local'"),
    ],
)
def test_unknown_name_gets_the_closest(name, closest) -> None:
    with pytest.raises(UnknownBackendError, match=f"no backend is named '{name}'; did you mean {closest}"):
        get_backend(name)


@pytest.mark.parametrize("name", ["", "quokka9000", None, 3])
def test_unknown_name_lists_what_exists(name) -> None:
    with pytest.raises(UnknownBackendError) as caught:
        get_backend(name)
    message = str(caught.value)
    assert "there are local, local:single, ibm:fake_" in message
    assert "…, braket:local, braket:local_dm, google:rainbow" in message
    assert "azure:ionq.simulator" in message
    assert message.endswith("list_backends() tells all")
    assert isinstance(caught.value, LookupError)


@pytest.mark.parametrize("name", ["braket", "braket:", "Braket"])
def test_a_provider_is_no_backend(name) -> None:
    with pytest.raises(
        UnknownBackendError, match=f"'{name}', which is a provider; name one of its backends: braket:local"
    ):
        get_backend(name)


def test_options_reach_the_backend() -> None:
    backend = get_backend("local", precision="single", num_threads=1)
    assert isinstance(backend, LocalBackend)
    assert repr(backend) == "LocalBackend('local')"
    result = backend.run(qtoolkit.Circuit(1).measure_all(), 1).result()
    assert result.metadata["precision"] == "single"


def test_unknown_option() -> None:
    with pytest.raises(
        InputError, match="options of the backend local are: precision, num_threads, executor, noise; got eco"
    ):
        get_backend("local", eco=True)


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("ibm:fake_manila", "qiskit_ibm_runtime", "ibm"),
        ("braket:local", "braket", "braket"),
        ("braket:local_dm", "braket", "braket"),
    ],
)
def test_missing_extra(monkeypatch, name, package, extra) -> None:
    for module in [module for module in sys.modules if module == package or module.startswith(f"{package}.")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, package, None)
    info = next(info for info in list_backends() if info.name == name)
    assert not info.is_installed
    with pytest.raises(MissingExtraError) as caught:
        get_backend(name)
    assert f'pip install "qtoolkit-quantum[{extra}]"' in str(caught.value)
    assert isinstance(caught.value, ImportError)
