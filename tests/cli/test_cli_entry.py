"""Exit codes and the one line of error, in this process and in one of its own."""

import subprocess
import sys

import pytest

import qtoolkit
from qtoolkit.cli import main
from qtoolkit.cli.entry import BAD_INPUT, INTERRUPTED, UNEXPECTED
from qtoolkit.errors import MissingExtraError


def qtoolkit_command(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "qtoolkit", *arguments], capture_output=True, text=True, timeout=60, **options
    )


def test_version():
    done = qtoolkit_command("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"qtoolkit {qtoolkit.__version__}\n", "")


def test_without_a_command_it_lists_them(capsys):
    assert main([]) == 0
    out, err = capsys.readouterr()
    assert all(name in out for name in ("demo", "run", "backends", "--version"))
    assert err == ""


def test_a_group_without_a_command_says_what_is_missing(capsys):
    assert main(["job"]) == BAD_INPUT
    assert capsys.readouterr().err.splitlines()[-1] == "qtoolkit: Missing command. (qtoolkit job --help)"


@pytest.mark.parametrize("command", [[], ["demo"], ["run"], ["backends"], ["bench"]])
def test_help_fits_80_columns(command, capsys):
    assert main([*command, "--help"]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "nonsense"),
        (["--nonsense"], "--nonsense"),
        (["run"], "CIRCUIT"),
        (["run", "x.qasm", "--shots", "many"], "--shots"),
        (["run", "x.qasm", "--shots", "0"], "--shots"),
        (["run", "x.qasm", "--seed", "-1"], "--seed"),
        (["demo", "--only", "astrology"], "astrology"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments, said, capsys):
    assert main(arguments) == BAD_INPUT
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("qtoolkit: ")
    assert err.count("\n") == 1
    assert said in err
    assert "--help" in err


def failing_demo(monkeypatch, error: BaseException) -> int:
    def study(seed, *, progress):
        raise error

    monkeypatch.setattr("qtoolkit.report.studies.finance_study", study)
    return main(["demo", "--only", "finance"])


def test_a_typed_error_is_one_line(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert failing_demo(monkeypatch, MissingExtraError('needs stim:\npip install "qtoolkit-quantum[qec]"')) == BAD_INPUT
    assert capsys.readouterr().err == 'qtoolkit: needs stim: pip install "qtoolkit-quantum[qec]"\n'


def test_an_unexpected_error_says_where_and_how_to_see_more(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert failing_demo(monkeypatch, ZeroDivisionError("by zero")) == UNEXPECTED
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert err.startswith("qtoolkit: unexpected ZeroDivisionError: by zero (line ")
    assert "QTOOLKIT_TRACEBACK=1" in err
    monkeypatch.setenv("QTOOLKIT_TRACEBACK", "1")
    assert failing_demo(monkeypatch, ZeroDivisionError("by zero")) == UNEXPECTED
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_interrupted_is_130(monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert failing_demo(monkeypatch, KeyboardInterrupt()) == INTERRUPTED
    assert capsys.readouterr().err == "Interrupted; finished: nothing.\n"
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_closes_early_gets_no_traceback():
    command = f"{sys.executable} -m qtoolkit run --help | head -n 1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


def test_errors_survive_a_terminal_without_unicode(tmp_path):
    done = qtoolkit_command("run", "θ.qasm", env={"PYTHONIOENCODING": "ascii", "PATH": ""}, cwd=tmp_path)
    assert done.returncode == BAD_INPUT
    assert "?.qasm" in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="needs a device that is always full")
@pytest.mark.parametrize("arguments", [["--version"], ["backends"], ["backends", "--json"]])
def test_output_to_a_full_disk_is_one_line(arguments):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "qtoolkit", *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert done.returncode == BAD_INPUT
    assert done.stderr == (
        "qtoolkit: the output cannot be written (No space left on device); make room or write it elsewhere\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell that closes a stream")
def test_a_closed_output_is_no_error():
    command = ["sh", "-c", f"{sys.executable} -m qtoolkit --version >&-"]
    done = subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
