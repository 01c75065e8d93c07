"""Gates beyond Stim's own, as others write them: instructions that Stim has not, and tags on those that it has.

Stim keeps a tag and does nothing about it, so that a tagged circuit stays one that Stim reads. An angle is that of
``exp(-i θ/2 P)``: half turns, multiples of π, in an instruction's brackets, and radians in a tag.

| instruction | the same as a tag | is |
|---|---|---|
| ``T``, ``T_DAG`` | ``S[T]``, ``S_DAG[T]``, ``I[T]``, ``I[T_DAG]`` | ``diag(1, exp(±iπ/4))`` |
| ``R_X(a)``, ``R_Y(a)``, ``R_Z(a)`` | ``I[R_X(theta=a*pi)]``, ... | a rotation |
| ``R_XX(a)``, ``R_YY(a)``, ``R_ZZ(a)`` | ``II[R_XX(theta=a*pi)]``, ... | a rotation of pairs |
| ``R_PAULI(a) X0*Y1`` | ``SPP[R_PAULI(theta=a*pi)]`` | a rotation about a product |
| ``U3(a, b, c)`` | ``I[U3(theta=a*pi, phi=b*pi, lambda=c*pi)]`` | OpenQASM's U |

On ``I_ERROR`` and ``II_ERROR`` the same tags stand for an error that always happens, or with the probability in the
instruction's brackets: a channel, which tells noise from gates.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from qtoolkit._arguments import shown
from qtoolkit.errors import ConversionError

__all__ = ["Extension", "has_extensions", "read_tag", "tag_of", "with_tags"]

_CARRIERS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "T": ("S", "T", ()),
    "T_DAG": ("S_DAG", "T", ()),
    "R_X": ("I", "R_X", ("theta",)),
    "R_Y": ("I", "R_Y", ("theta",)),
    "R_Z": ("I", "R_Z", ("theta",)),
    "R_XX": ("II", "R_XX", ("theta",)),
    "R_YY": ("II", "R_YY", ("theta",)),
    "R_ZZ": ("II", "R_ZZ", ("theta",)),
    "R_PAULI": ("SPP", "R_PAULI", ("theta",)),
    "U3": ("I", "U3", ("theta", "phi", "lambda")),
}
"""By instruction: the one of Stim that carries it, the tag's name, and its angles."""

_ON: Mapping[str, tuple[str, ...]] = {
    "I": ("T", "T_DAG", "R_X", "R_Y", "R_Z", "U3"),
    "S": ("T",),
    "S_DAG": ("T",),
    "II": ("R_XX", "R_YY", "R_ZZ"),
    "SPP": ("R_PAULI",),
    "I_ERROR": ("T", "T_DAG", "R_X", "R_Y", "R_Z", "U3"),
    "II_ERROR": ("R_XX", "R_YY", "R_ZZ"),
}
"""Tags that mean something, by the instruction that they are on."""

_INSTRUCTION = re.compile(
    r"^(?P<indent>\s*)(?P<name>T|T_DAG|R_X|R_Y|R_Z|R_XX|R_YY|R_ZZ|R_PAULI|U3)"
    r"(?:\[(?P<tag>[^\]]*)\])?(?:\((?P<angles>[^)]*)\))?(?P<rest>\s.*)?$",
    re.IGNORECASE | re.MULTILINE,
)
_TAG = re.compile(r"^\s*(?P<name>[A-Za-z_][A-Za-z_0-9]*)\s*(?:\((?P<arguments>.*)\))?\s*$")
_TAGGED = re.compile(r"^\s*(?P<name>[A-Z_0-9]+)\[(?P<tag>[^\]]*)\]", re.MULTILINE)
_NUMBER = re.compile(r"^(?P<number>[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)?\s*(?P<times>\*?)\s*(?P<pi>pi|π)?$")


@dataclass(frozen=True)
class Extension:
    """What a tag asks for.

    Attributes:
        name: T, T_DAG, R_X, R_Y, R_Z, R_XX, R_YY, R_ZZ, R_PAULI or U3.
        angles: in radians.
    """

    name: str
    angles: tuple[float, ...] = ()


def with_tags(text: str) -> str:
    """A program in which instructions that Stim has not are tags on those that it has.

    Raises:
        ConversionError: if one has the wrong number of angles, or an angle is no finite number.
    """

    def rewritten(match: re.Match[str]) -> str:
        name = match["name"].upper()
        carrier, tag, parameters = _CARRIERS[name]
        given = [part.strip() for part in match["angles"].split(",")] if match["angles"] else []
        if len(given) != len(parameters):
            wanted = f"{len(parameters)} angles in half turns" if parameters else "no angle"
            raise ConversionError(f"{name} takes {wanted}, got {shown(match[0].strip())}")
        values = [_number(angle, match[0].strip()) for angle in given]
        arguments = ", ".join(f"{key}={value!r}*pi" for key, value in zip(parameters, values, strict=True))
        return f"{match['indent']}{carrier}[{tag}{f'({arguments})' if arguments else ''}]{match['rest'] or ''}"

    return _INSTRUCTION.sub(rewritten, text)


def read_tag(instruction: str, tag: str) -> Extension | None:
    """What a tag asks for; None if it means nothing to us, as tags mostly do.

    Args:
        instruction: Stim's name of what it is on.
        tag: the text between the square brackets.

    Raises:
        ConversionError: if its name is known here but its arguments are wrong.
    """
    match = _TAG.match(tag) if tag else None
    if match is None or match["name"].upper() not in _ON.get(instruction, ()):
        return None
    name = match["name"].upper()
    parameters = _CARRIERS[name][2]
    found: dict[str, float] = {}
    for part in match["arguments"].split(",") if match["arguments"] else ():
        key, equals, value = part.partition("=")
        if not equals or key.strip() not in parameters or key.strip() in found:
            raise ConversionError(f"the tag {name} takes {_listed(parameters)}, got {shown(f'{instruction}[{tag}]')}")
        found[key.strip()] = _number(value.strip(), f"{instruction}[{tag}]")
    if len(found) != len(parameters):
        raise ConversionError(f"the tag {name} takes {_listed(parameters)}, got {shown(f'{instruction}[{tag}]')}")
    if instruction == "S_DAG":
        name = "T_DAG"
    return Extension(name, tuple(found[key] for key in parameters))


def has_extensions(text: str) -> bool:
    """Whether a program of Stim has tags that mean something to us, and that Stim passes over.

    Raises:
        ConversionError: if the arguments of one are wrong.
    """
    if "[" not in text:
        return False
    return any(read_tag(match["name"], match["tag"]) is not None for match in _TAGGED.finditer(text))


def tag_of(extension: Extension) -> tuple[str, str]:
    """Stim's instruction that carries it, and the tag; angles are written in radians, to the last digit."""
    carrier, tag, parameters = _CARRIERS[extension.name]
    arguments = ", ".join(f"{key}={angle!r}" for key, angle in zip(parameters, extension.angles, strict=True))
    return carrier, f"{tag}({arguments})" if arguments else tag


def _listed(parameters: tuple[str, ...]) -> str:
    return "(" + ", ".join(f"{key}=angle" for key in parameters) + ")" if parameters else "no arguments"


def _number(text: str, where: str) -> float:
    match = _NUMBER.match(text)
    number, times, pi = (match["number"], match["times"], match["pi"]) if match else (None, "", None)
    value = (float(number) if number else 1.0) * (math.pi if pi else 1.0)
    if (number is None and pi is None) or bool(times) != bool(number and pi) or not math.isfinite(value):
        raise ConversionError(f"an angle is a number, or one times pi, got {shown(text)} in {shown(where)}")
    return value
