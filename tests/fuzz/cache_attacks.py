"""What may befall the folder of compiled kernels: whatever lies there, a read is right or a miss, and nothing waits.

Most rounds damage an entry and read it in this process; some have a process of its own run a kernel from a damaged
folder, be killed while it writes, or have its sources replaced under it.
"""

import contextlib
import json
import logging
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import qtoolkit_kernels
from qtoolkit_kernels import _cache

__all__ = ["DAMAGES", "FOLDERS", "attack", "damaged_entry", "process", "strange_folder"]

PATIENCE = 60.0
"""Seconds after which a read or a write counts as hanging; for a process that compiles, ten times as many."""

PROCESS_EVERY = 400
"""Rounds in this process for each that starts others."""

PACKAGE = Path(qtoolkit_kernels.__file__).parent
RIGHT, WRONG = "return np.uint64(index)", "return np.uint64(1    )"
NORM = """
import numpy as np
from qtoolkit_kernels import measurement

print(measurement.norm_squared(np.array([1.0, 2, 0, -2])))
"""
UPGRADE = """
import os, pathlib
from qtoolkit_kernels import measurement

helper = pathlib.Path(os.environ["HELPER"])
status = helper.stat()
helper.write_text(helper.read_text().replace("{right}", "{wrong}"))
os.utime(helper, ns=(status.st_atime_ns, status.st_mtime_ns))
"""

Damage = Callable[[random.Random, Path], None]
"""Does something to the file of an entry; what is read afterwards must be a miss."""


def flip_bits(rng: random.Random, path: Path) -> None:
    content = bytearray(path.read_bytes())
    for place in rng.sample(range(len(content)), min(len(content), 1 << rng.randrange(8))):
        content[place] ^= 1 << rng.randrange(8)
    path.write_bytes(content)


def cut(rng: random.Random, path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(len(content))])


def append(rng: random.Random, path: Path) -> None:
    path.write_bytes(path.read_bytes() + rng.randbytes(rng.randint(1, 1000)))


def zero_a_page(rng: random.Random, path: Path) -> None:
    content = path.read_bytes()
    start = rng.randrange(len(content))
    zeroed = content[:start] + bytes(len(content[start : start + 4096])) + content[start + 4096 :]
    path.write_bytes(zeroed if zeroed != content else content[:start])


def noise(rng: random.Random, path: Path) -> None:
    path.write_bytes(rng.randbytes(rng.randrange(5000)))


def text(rng: random.Random, path: Path) -> None:
    table = [rng.choice(["PyEval_SaveThread", "object:None", "argument:9", 17, None]) for _ in range(rng.randrange(99))]
    path.write_text(json.dumps(table)[: rng.randrange(1, 1000)])


def another_entry(rng: random.Random, path: Path) -> None:
    other = _cache.Place("kernel", rng.randbytes(4).hex())
    path.write_bytes(_cache.pack(other, path.read_bytes()[64:]))


def pipe(rng: random.Random, path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link(rng: random.Random, path: Path) -> None:
    whole = path.with_name("elsewhere")
    path.replace(whole)
    os.mkfifo(path.with_name("pipe"))
    targets = ["/dev/zero", "/dev/random", "/dev/full", "/dev/tty", "pipe", path.name, "nowhere", ".", whole.name]
    path.symlink_to(rng.choice(targets))


def folder(rng: random.Random, path: Path) -> None:
    path.unlink()
    path.mkdir()
    if rng.random() < 0.5:
        (path / "file").touch()


def bound_socket(rng: random.Random, path: Path) -> None:
    path.unlink()
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{short}/s")
        os.replace(f"{short}/s", path)


def huge(rng: random.Random, path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(_cache.LARGEST + rng.randint(1, 1 << 30))


def writable(rng: random.Random, path: Path) -> None:
    path.chmod(0o644 | rng.choice([0o020, 0o002, 0o022]))


def given_away(rng: random.Random, path: Path) -> None:
    os.chown(path, rng.randint(1, 60000), -1)


def gone(rng: random.Random, path: Path) -> None:
    path.unlink()


DAMAGES: list[Damage] = [flip_bits, cut, append, zero_a_page, noise, text, another_entry, folder, huge, gone]
if os.name == "posix":
    DAMAGES += [pipe, link, bound_socket, writable]
    if os.geteuid() == 0:
        DAMAGES.append(given_away)


def _shared(rng: random.Random, path: Path) -> str:
    path.chmod(0o755 | rng.choice([0o020, 0o002, 0o022, 0o1022]))
    return str(path)


def _given_away(rng: random.Random, path: Path) -> str:
    os.chown(path, rng.randint(1, 60000), -1)
    return str(path)


def _replaced(rng: random.Random, path: Path) -> str:
    shutil.rmtree(path)
    rng.choice([path.touch, lambda: os.mkfifo(path), lambda: path.symlink_to(rng.choice(["/dev/zero", path.name]))])()
    return str(path)


def _named_strangely(rng: random.Random, path: Path) -> str:
    names = ["~nobody-of-this-name/kernels", "/dev/null", "/dev/null/x", "x" * 300, "x/" * 5000, "/proc/self/mem/x"]
    return rng.choice(names)


FOLDERS: list[Callable[[random.Random, Path], str]] = [_named_strangely]
"""What may be wrong about the folder itself; each returns how it is called."""
if os.name == "posix":
    FOLDERS += [_shared, _replaced]
    if os.geteuid() == 0:
        FOLDERS.append(_given_away)


def attack(source: np.random.Generator, deadline: float) -> tuple[int, list[str]]:
    """Damage entries and folders at random until `deadline`, in seconds of `time.monotonic`.

    Returns:
        How many times, and what went wrong, with the seed of the one function that shows it.
    """
    rng = random.Random(int(source.integers(1 << 62)))
    count, failures = 0, []
    while time.monotonic() < deadline:
        seed = rng.getrandbits(32)
        own = random.Random(seed)
        if count % PROCESS_EVERY == PROCESS_EVERY - 1:
            wrong = process(own)
        elif rng.random() < 0.9:
            wrong = damaged_entry(own, rng.choice(DAMAGES))
        else:
            wrong = strange_folder(own, rng.choice(FOLDERS))
        count += 1
        if wrong is not None:
            failures.append(f"{wrong} (seed {seed})")
    return count, failures


def damaged_entry(rng: random.Random, damage: Damage) -> str | None:
    """Damage one entry; what is wrong about reading it, writing it anew and reading that, None if nothing is."""
    place = _cache.Place(f"kernel-{rng.randbytes(4).hex()}", rng.randbytes(4).hex())
    code = rng.randbytes(rng.randint(1, 20_000))
    told = f"{damage.__name__} of {len(code)} bytes"
    with _folder() as root:
        _cache.write(place, code)
        if _cache.read(place) != code:
            return f"{told}: a whole entry is not read"
        damage(rng, root / place.file_name)
        try:
            if _in_time(_cache.read, place) is not None:
                return f"{told}: something else is read"
            _in_time(_cache.write, place, code)
            again = _in_time(_cache.read, place)
        except Exception as error:
            return f"{told}: {type(error).__name__}: {error}"
        is_in_the_way = damage is folder and (root / place.file_name).is_dir()
        return None if again == (None if is_in_the_way else code) else f"{told}: what is written anew is not read"


def strange_folder(rng: random.Random, change: Callable[[random.Random, Path], str]) -> str | None:
    """Make a folder unfit; what is wrong about reading from and writing to it, None if nothing is."""
    place, code = _cache.Place("kernel", "version"), rng.randbytes(100)
    with _folder() as root:
        _cache.write(place, code)
        name = change(rng, root)
        told = f"{change.__name__}, {name[:80]}"
        os.environ[_cache.FOLDER_VARIABLE] = name
        before = sorted(os.listdir())
        try:
            if _in_time(_cache.read, place) is not None:
                return f"{told}: it is read from"
            _in_time(_cache.write, place, code[::-1])
            found = _in_time(_cache.read, place)
        except Exception as error:
            return f"{told}: {type(error).__name__}: {error}"
        made_here = sorted(os.listdir()) != before and name.startswith("~")
        return f"{told}: it is written to" if found is not None or made_here else None


def process(rng: random.Random) -> str | None:
    """What a process makes of a damaged folder, of being killed or of an upgrade; None if that is right."""
    with _folder() as root:
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        kind = rng.choice(["damage", "kill", "upgrade"])
        if kind == "damage":
            _run(NORM, environment)
            for path in list(root.iterdir()):
                damage = rng.choice(DAMAGES)
                damage(rng, path)
                kind = f"{damage.__name__} before a process"
        elif kind == "kill":
            with subprocess.Popen([sys.executable, "-c", NORM], env=environment, stdout=subprocess.DEVNULL) as victim:
                time.sleep(rng.random() * 5)
                victim.kill()
        else:
            sources = shutil.copytree(
                PACKAGE, root.with_name("sources") / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__")
            )
            environment["HELPER"] = str(sources / "_bits.py")
            environment["PYTHONPATH"] = os.pathsep.join([str(sources.parent), os.environ.get("PYTHONPATH", "")])
            upgraded = _run(UPGRADE.format(right=RIGHT, wrong=WRONG) + NORM, environment)
            if upgraded != "9.0" or _run(NORM, environment) != "16.0":
                return "an upgrade under a process: a process runs another version than its own"
            _run(UPGRADE.format(right=WRONG, wrong=RIGHT), environment)
        for _ in range(2):
            result = _run(NORM, environment)
            if result != "9.0":
                return f"{kind}: a process finds {result}, right is 9.0"
    return None


def _run(code: str, environment: dict[str, str]) -> str:
    command = [sys.executable, "-c", code]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=10 * PATIENCE)
    except subprocess.TimeoutExpired:
        return "no end"
    return done.stdout.strip() if done.returncode == 0 else f"exit code {done.returncode}: {done.stderr[-200:]}"


def _in_time(function: Callable[..., object], *arguments: object) -> object:
    """What a call returns or raises, unless it takes too long."""
    results: list[object] = []
    errors: list[Exception] = []

    def call() -> None:
        try:
            results.append(function(*arguments))
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer in {PATIENCE:.0f} s")
    return results[0]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """An empty cache folder, in use and silent; the folder above it is the working one."""
    logger = logging.getLogger("qtoolkit.kernels")
    level, chosen, here = logger.level, os.environ.get(_cache.FOLDER_VARIABLE), os.getcwd()
    logger.setLevel(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory() as above:
            root = Path(above) / "kernels"
            root.mkdir(mode=0o755)
            os.chdir(above)
            os.environ[_cache.FOLDER_VARIABLE] = str(root)
            try:
                yield root
            finally:
                os.chdir(here)
    finally:
        logger.setLevel(level)
        if chosen is None:
            del os.environ[_cache.FOLDER_VARIABLE]
        else:
            os.environ[_cache.FOLDER_VARIABLE] = chosen
