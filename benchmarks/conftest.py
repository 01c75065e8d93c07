"""Options that all benchmarks share."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--qubits",
        type=int,
        default=18,
        metavar="N",
        help="size of the states that kernels are measured on (default 18)",
    )
