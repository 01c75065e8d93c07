import json

import pytest
from typer.testing import CliRunner

from qtoolkit.backends import BackendInfo, list_backends
from qtoolkit.backends.registry import providers
from qtoolkit.cli import main
from qtoolkit.cli.app import app


def test_table_names_every_backend_in_80_columns(capsys):
    assert main(["backends"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert max(map(len, out.splitlines())) <= 80
    first_words = [line.split()[0] for line in out.splitlines() if line and not line.startswith(" ")]
    assert set(first_words) >= {info.name for info in list_backends()}


def test_names_of_the_services_are_whole(capsys):
    assert main(["backends"]) == 0
    words = capsys.readouterr().out.split()
    for provider in providers().values():
        if provider.open_device is not None:
            assert {*provider.examples[:2], *provider.credentials} <= set(words)


def test_json_is_what_list_backends_says():
    result = CliRunner().invoke(app, ["backends", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.stdout)["backends"] == [vars(info) for info in list_backends()]


@pytest.mark.parametrize(("installed", "words"), [(True, 0), (False, 1)])
def test_what_is_missing_says_how_to_install_it(monkeypatch, capsys, installed, words):
    info = BackendInfo("acme:one", "acme", "a machine", "device", 5, "acme", installed)
    monkeypatch.setattr("qtoolkit.backends.list_backends", lambda: [info])
    assert main(["backends"]) == 0
    out = capsys.readouterr().out
    assert out.count('pip install "qtoolkit-quantum[acme]"') == words
    assert out.splitlines()[2].split(maxsplit=2)[:2] == ["acme:one", "5"]
    assert out.count("a machine (not installed)") == words
