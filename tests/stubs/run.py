"""``python -m stubs.run ionq``: a stub in this process, until standard input ends."""

from __future__ import annotations

import importlib
import sys
import threading

from stubs.server import MOST_SECONDS, serve


def main(name: str, *arguments: str) -> None:
    server = serve(stub := importlib.import_module(f"stubs.{name}").stub(*arguments))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(stub.address, flush=True)
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    ended.wait(MOST_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
