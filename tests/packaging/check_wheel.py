"""Build the wheel, install it into an empty environment and use it from outside the checkout.

`make wheel` runs this script. It needs a package index, or pip's cache, for the
base dependencies; that is why it is a script and not a test that pytest collects.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import venv
import zipfile
from collections.abc import Sequence
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
PACKAGES = ("qtoolkit", "qtoolkit_kernels")

BELL = """
import importlib.metadata
import pathlib

import qtoolkit
import qtoolkit_kernels

for package in (qtoolkit, qtoolkit_kernels):
    assert "site-packages" in pathlib.Path(package.__file__).parts, package.__file__
assert importlib.metadata.version("qtoolkit-quantum") == qtoolkit.__version__

circuit = qtoolkit.Circuit(2).h(0).cx(0, 1).measure_all()
counts = qtoolkit.StatevectorSimulator().run(circuit, shots=1000, seed=7).counts
assert set(counts) == {"00", "11"} and sum(counts.values()) == 1000, counts
"""


class CheckError(Exception):
    """The wheel is not what a user should get."""


def require(condition: bool, message: str) -> None:
    """Raise `CheckError` with `message` unless `condition` holds."""
    if not condition:
        raise CheckError(message)


def build_wheel(folder: Path) -> Path:
    """Build the source archive, and from it the wheel, so that the archive is proven complete too."""
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(CHECKOUT)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    wheels = list(folder.glob("*.whl"))
    require(len(wheels) == 1, f"the build must give one wheel, got {[wheel.name for wheel in wheels]}")
    return wheels[0]


def check_contents(wheel: Path) -> int:
    """Compare the wheel's modules with the checkout's, and return how many there are."""
    names = set(zipfile.ZipFile(wheel).namelist())
    tops = {name.partition("/")[0] for name in names}
    metadata = {top for top in tops if top.endswith(".dist-info")}
    require(tops - metadata == set(PACKAGES), f"the wheel must hold {PACKAGES} only, got {sorted(tops - metadata)}")
    for package in PACKAGES:
        require(f"{package}/py.typed" in names, f"{package}/py.typed is missing from the wheel")
    prices = "qtoolkit/backends/money/prices.toml"
    require(prices in names, f"{prices} is missing from the wheel")
    sources = {
        path.relative_to(root).as_posix()
        for root, package in ((CHECKOUT, "qtoolkit"), (CHECKOUT / "kernels", "qtoolkit_kernels"))
        for path in (root / package).rglob("*.py")
    }
    modules = {name for name in names if name.endswith(".py")}
    require(modules == sources, f"wheel and checkout differ in {sorted(modules ^ sources)}")
    return len(modules)


def install(wheel: Path, environment: Path) -> Path:
    """Make an empty environment, install the wheel with its base dependencies, and return the folder of commands."""
    venv.create(environment, with_pip=False, symlinks=True)
    commands = environment / "bin"
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(commands / "python")),
            *("install", "--quiet", "--no-compile", str(wheel)),
        ],
        check=True,
    )
    return commands


def use(command: Sequence[str | Path], folder: Path, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run `command` in `folder` with nothing of this checkout on the path, and check its exit code."""
    hidden = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    clean = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run([str(part) for part in command], cwd=folder, env=clean, capture_output=True, text=True)
    require(
        done.returncode == exit_code,
        f"{command} must end with exit code {exit_code}, got {done.returncode}:\n{done.stdout}{done.stderr}",
    )
    return done


def check_use(commands: Path, folder: Path) -> None:
    """Use the installed package as its user would: from Python and from the command line."""
    use([commands / "python", "-c", BELL], folder)

    version = use([commands / "qtoolkit", "--version"], folder).stdout
    expected = use([commands / "python", "-c", "import qtoolkit; print(qtoolkit.__version__)"], folder).stdout.strip()
    require(expected in version, f"qtoolkit --version must say {expected}, got {version!r}")

    table = use([commands / "qtoolkit", "backends"], folder).stdout
    require("local" in table, f"qtoolkit backends must list the local one, got {table!r}")
    json.loads(use([commands / "qtoolkit", "backends", "--json"], folder).stdout)

    refused = use([commands / "qtoolkit", "demo"], folder, exit_code=2)
    lines = refused.stderr.strip().splitlines()
    require(
        len(lines) == 1 and 'pip install "qtoolkit-quantum[' in lines[0],
        f"without the extras, qtoolkit demo must give one line that says how to get them, got {refused.stderr!r}",
    )


def main() -> int:
    """Run the checks and return the exit code."""
    with tempfile.TemporaryDirectory(prefix="qtoolkit-wheel-") as scratch:
        folder = Path(scratch)
        elsewhere = folder / "elsewhere"
        elsewhere.mkdir()
        try:
            wheel = build_wheel(folder)
            print(f"{wheel.name}: {check_contents(wheel)} modules, both packages typed", flush=True)
            print("installing it with its base dependencies into an empty environment", flush=True)
            check_use(install(wheel, folder / "venv"), elsewhere)
        except (CheckError, subprocess.CalledProcessError) as error:
            print(f"check_wheel: {error}", file=sys.stderr)
            return 1
    print("the wheel works outside the checkout: Bell circuit, --version, backends, missing extra")
    return 0


if __name__ == "__main__":
    sys.exit(main())
