"""Where the command starts and ends: arguments in, exit code and at most one line of error out."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from types import FrameType

from qtoolkit.errors import QToolkitError

__all__ = ["BAD_INPUT", "INTERRUPTED", "UNEXPECTED", "main"]

UNEXPECTED = 1
"""Exit code after an error that is nobody's input."""

BAD_INPUT = 2
"""Exit code after a wrong option, file or value, or a missing extra."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it: 128 + SIGINT."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a write says on a full disk, over a quota and over a limit of file sizes."""

_TRACEBACK_VARIABLE = "QTOOLKIT_TRACEBACK"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: without the command's own name; those of the process by default.
    """
    is_process = arguments is None and _expect_interrupt()
    try:
        from typer.main import get_command

        from qtoolkit.cli.app import app

        _make_output_forgiving()
        code = get_command(app).main(
            args=None if arguments is None else list(arguments), prog_name="qtoolkit", standalone_mode=False
        )
        if sys.stdout is not None:  # a shell's `>&-` leaves none
            sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough.
        _drop_output()
        code = UNEXPECTED
    except Exception as error:
        code = INTERRUPTED if isinstance(error.__cause__, KeyboardInterrupt) else _report(error)
    finally:
        if is_process:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    return code if isinstance(code, int) else 0


def _expect_interrupt() -> bool:
    """Have the first Ctrl-C end the command in good order and the second end the process; whether that is done."""
    if (
        threading.current_thread() is not threading.main_thread()
        or signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    ):
        return False
    signal.signal(signal.SIGINT, _interrupt)
    return True


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # A second one has nothing to say in a traceback, wherever it comes.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    raise KeyboardInterrupt


def _report(error: Exception) -> int:
    """Write one line on stderr about an error and return the exit code that goes with it."""
    usage = getattr(error, "format_message", None)
    if usage is not None:
        # Of a group without a command, the help has been printed; nothing is left to say but why it came.
        return _complain(f"{usage() or 'Missing command.'} {_help_hint(error)}", BAD_INPUT)
    if isinstance(error, QToolkitError):
        return _complain(str(error), BAD_INPUT)
    if os.environ.get(_TRACEBACK_VARIABLE):
        traceback.print_exception(error)
        return UNEXPECTED
    if isinstance(error, OSError) and error.filename is None and error.errno in _NO_ROOM:
        _drop_output()
        return _complain(f"the output cannot be written ({error.strerror}); make room or write it elsewhere", BAD_INPUT)
    place = traceback.extract_tb(error.__traceback__)[-1]
    return _complain(
        f"unexpected {type(error).__name__}: {error} (line {place.lineno} of {place.filename}); "
        f"this is a fault of the program: set {_TRACEBACK_VARIABLE}=1 to see the whole traceback",
        UNEXPECTED,
    )


def _drop_output() -> None:
    """What is left to write goes nowhere: Python would try it once more at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _help_hint(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return "(qtoolkit --help)" if context is None else f"({context.command_path} --help)"


def _complain(message: str, code: int) -> int:
    print("qtoolkit:", " ".join(message.split()), file=sys.stderr)
    return code


def _make_output_forgiving() -> None:
    """A terminal without Unicode shows a replacement letter instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
