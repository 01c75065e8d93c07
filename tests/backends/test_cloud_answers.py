"""What all clouds ask of a service's answer, and say where it is something else."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from qtoolkit.backends.cloud import Refused
from qtoolkit.backends.cloud.answers import first_text, id_in, object_of, path_of
from qtoolkit.backends.cloud.asking import asking
from qtoolkit.backends.cloud.bits import bits_of_shots
from qtoolkit.backends.cloud.payload import Serializer
from qtoolkit.backends.cloud.reach import what_became
from qtoolkit.backends.provider import did_you_mean
from qtoolkit.backends.registry import PROVIDERS
from qtoolkit.errors import BackendError, CredentialsError, JobError


@pytest.mark.parametrize("answer", [None, [], {}, {"id": 5}, {"id": ""}, "id"])
def test_an_answer_without_an_id_is_none(answer) -> None:
    with pytest.raises(ValueError, match="the answer of the toy has no id in it"):
        id_in(answer, "id", "the toy")


def test_ids_and_texts_are_what_stands_there() -> None:
    assert id_in({"id": "a-1"}, "id", "the toy") == "a-1"
    assert first_text({"a": "", "b": None, "c": 3, "d": "x"}, "a", "b", "c", "d") == "3"
    assert first_text({}, "a") == ""
    assert object_of({"a": 1}, "the toy") == {"a": 1}
    with pytest.raises(ValueError, match="no object, it begins '\\[1"):
        object_of([1], "the toy")


def test_no_part_of_a_path_ends_it() -> None:
    assert path_of("jobs", "../a b?c#d/e") == "/jobs/..%2Fa%20b%3Fc%23d%2Fe"


@pytest.mark.parametrize("error", [Refused("no such chip"), OSError("silence"), ValueError("no JSON")])
def test_a_question_that_fails_says_that_nothing_was_submitted(error) -> None:
    message = f"toy:one cannot be asked what it is: {error}; nothing was submitted"
    with pytest.raises(BackendError, match=message), asking("toy:one"):
        raise error


def test_what_the_toolkit_says_itself_passes() -> None:
    with pytest.raises(CredentialsError, match="no key"), asking("toy:one"):
        raise CredentialsError("no key")


@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, CredentialsError), (403, CredentialsError), (404, Refused), (422, Refused)]
    + [(status, OSError) for status in (302, 408, 409, 425, 500, 503)],
)
def test_a_status_says_what_became_of_a_request(status, kind) -> None:
    found = what_became(status, "said", "it does not take the key")
    assert type(found) is kind
    assert str(found) == ("it does not take the key: said" if kind is CredentialsError else "said")


@pytest.mark.parametrize("given", [[[0, 1], [1, 1]], [["0", "1"], ["1", "1"]], [[False, True], [True, True]]])
def test_bits_may_be_numbers_letters_or_truth(given) -> None:
    found = bits_of_shots(given, "they", 2)
    assert found.dtype == np.uint8
    assert found.tolist() == [[0, 1], [1, 1]]
    assert bits_of_shots([], "they", 2).shape == (0, 2)


@pytest.mark.parametrize(
    "given",
    [[[0, 2]], [[0, -1]], [[0, 1], [0]], [[0, 1, 1]], [0, 1], {}, None, [[0.0, 1.0]], [["0", "x"]], [[[0, 1]]], "01"],
)
def test_what_are_no_bits_is_refused(given) -> None:
    with pytest.raises(JobError, match=r"they must be bits of shape \(shots, 2\), got "):
        bits_of_shots(given, "they", 2)


def test_the_closest_name_is_told_as_it_is_written() -> None:
    assert did_you_mean("braket:iqm/garnett", ["ionq:simulator", "braket:iqm/Garnet"]) == (
        "did you mean 'braket:iqm/Garnet'? "
    )
    assert did_you_mean("SV", {"sv1": "braket:amazon/sv1"}) == "did you mean 'braket:amazon/sv1'? "
    assert did_you_mean("xyz", ["local"]) == did_you_mean(5, ["local"]) == ""


@pytest.mark.parametrize("provider", [item for item in PROVIDERS if item.serializer], ids=lambda item: item.name)
def test_what_a_catalog_names_is_there(provider) -> None:
    assert isinstance(provider.serializer(), Serializer)
    first, *options = inspect.signature(provider.open_device).parameters
    assert {"store", "max_cost"} <= set(options)
    assert not {first, "client"} & set(options)
    for entry in provider.entries:
        assert inspect.signature(entry.open) is not None
