"""The grammar of LP text: sections, expressions, rows and bounds, as they are written."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from qtoolkit._arguments import shown
from qtoolkit.errors import ConversionError

__all__ = ["INFINITE", "Row", "Source", "is_header", "read_source"]

_SECTIONS = {
    "minimize": r"min(?:imi[sz]e|imum)?",
    "maximize": r"max(?:imi[sz]e|imum)?",
    "rows": r"subject\s+to|such\s+that|s\.t\.|st\.?",
    "bounds": r"bounds?",
    "binaries": r"bin(?:ary|aries)?",
    "generals": r"gen(?:erals?)?|int(?:egers?)?",
    "end": r"end",
    "other": r"semi-continuous|semis?|sos[12]?|lazy\s+constraints|user\s+cuts|pwlobj|multi-objectives",
}
_HEADER = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _SECTIONS.items()), re.IGNORECASE)
_HEAD_OF_LINE = re.compile(
    rf"(?:(?P<minimize>{_SECTIONS['minimize']})|(?P<maximize>{_SECTIONS['maximize']})|(?P<rows>{_SECTIONS['rows']}))"
    r"(?=\s+[^\s:+\-*<>=^])",
    re.IGNORECASE,
)
_FIRST, _LATER = r"A-Za-z!\"#$%&(),;?@_'`{}|~\u0080-\uffff", r"0-9./"
_TOKEN = re.compile(
    r"(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)"
    rf"|(?P<name>[{_FIRST}][{_FIRST}{_LATER}]*)"
    r"|(?P<mark>->|<=|>=|=<|=>|[-+*^/\[\]:<>=])"
)
_SENSES = {"<=": "<=", "=<": "<=", "<": "<=", ">=": ">=", "=>": ">=", ">": ">=", "=": "="}
_FLIPPED = {"<=": ">=", ">=": "<=", "=": "="}
INFINITE = {"inf", "infinity"}

_NAME_NOTE = re.compile(r'\\ (variable|row) (\S+) is (".*")')


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


@dataclass
class _Expression:
    linear: dict[str, float] = field(default_factory=dict)
    products: dict[tuple[str, str], float] = field(default_factory=dict)
    constant: float = 0.0


class Row(NamedTuple):
    name: str
    linear: dict[str, float]
    lower: float
    upper: float


@dataclass
class Source:
    """What a text says, before variables become bits."""

    maximise: bool = False
    objective: _Expression = field(default_factory=_Expression)
    rows: list[Row] = field(default_factory=list)
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    binaries: list[str] = field(default_factory=list)
    generals: list[str] = field(default_factory=list)
    renamed: dict[tuple[str, str], str] = field(default_factory=dict)


def read_source(text: str) -> Source:
    """What LP text says.

    Raises:
        ConversionError: naming the line where it is no LP, or what of LP is not read.
    """
    source = Source()
    for header, tokens in _sections(text, source):
        if header in ("minimize", "maximize"):
            source.maximise = header == "maximize"
            source.objective = _read_objective(tokens)
        elif header == "rows":
            source.rows += _read_rows(tokens)
        elif header == "bounds":
            _read_bounds(tokens, source)
        else:
            listed = source.binaries if header == "binaries" else source.generals
            while tokens.peek() is not None:
                listed.append(tokens.name())
    return source


def is_header(name: str) -> bool:
    """Whether a line of this word alone begins a section."""
    return _HEADER.fullmatch(name) is not None


def _sections(text: str, source: Source) -> Iterator[tuple[str, _Tokens]]:
    """Header and content of each section."""
    header, found = "", list[_Token]()
    for number, line in enumerate(text.splitlines(), 1):
        note = _NAME_NOTE.fullmatch(line.strip())
        if note:
            with contextlib.suppress(ValueError):  # a comment of somebody else
                source.renamed[note[1], note[2]] = json.loads(note[3])
        content = line.partition("\\")[0].strip()
        match = _HEADER.fullmatch(content) or _HEAD_OF_LINE.match(content)
        if match:
            if header:
                yield header, _Tokens(found)
            header, found = str(match.lastgroup), []
            if header == "end":
                return
            if header == "other":
                raise ConversionError(
                    f"LP sections are objective, rows, bounds and lists, got {content} in line {number}"
                )
            content = content[match.end() :]
        tokens = list(_tokens(content, number))
        if tokens and not header:
            raise ConversionError(f"LP text begins with Minimize or Maximize, got {shown(content)} in line {number}")
        found += tokens
    raise ConversionError("LP text ends with End, got none" if header else "LP text has an objective, got none")


def _tokens(content: str, line: int) -> Iterator[_Token]:
    place = 0
    while place < len(content):
        if content[place].isspace():
            place += 1
            continue
        match = _TOKEN.match(content, place)
        if match is None:
            raise ConversionError(f"LP text holds names, numbers and signs, got {content[place]!r} in line {line}")
        yield _Token(str(match.lastgroup), match.group(), line)
        place = match.end()


class _Tokens:
    """Tokens of a section, one after the other."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._place = 0

    def peek(self, ahead: int = 0) -> _Token | None:
        place = self._place + ahead
        return self._tokens[place] if place < len(self._tokens) else None

    def next(self) -> _Token | None:
        token = self.peek()
        self._place += 1
        return token

    def take(self, *texts: str) -> str | None:
        """The next token if it is one of these."""
        token = self.peek()
        if token is None or token.kind != "mark" or token.text not in texts:
            return None
        self._place += 1
        return token.text

    def label(self) -> str:
        """The name before a colon, or none."""
        first, second = self.peek(), self.peek(1)
        if first is None or first.kind != "name" or second is None or second.text != ":":
            return ""
        self._place += 2
        return first.text

    def name(self) -> str:
        token = self.next()
        if token is None or token.kind != "name":
            raise _unexpected(token, "the name of a variable")
        return token.text

    def sign(self) -> float | None:
        """The product of signs, or None where there is no sign."""
        sign = None
        while mark := self.take("+", "-"):
            sign = (sign or 1.0) * (-1.0 if mark == "-" else 1.0)
        return sign

    def number(self) -> float | None:
        """A number, or None; infinity counts where it is written."""
        token = self.peek()
        if token is not None and (token.kind == "number" or token.text.lower() in INFINITE):
            self._place += 1
            return float(token.text)
        return None

    def limit(self) -> float:
        """A number with a sign."""
        sign, number = self.sign(), self.number()
        if number is None:
            raise _unexpected(self.peek(), "a number")
        return (1.0 if sign is None else sign) * number


def _unexpected(token: _Token | None, wanted: str) -> ConversionError:
    place = "the end of a section" if token is None else f"{token.text!r} in line {token.line}"
    return ConversionError(f"LP text must have {wanted} here, got {place}")


def _read_expression(tokens: _Tokens) -> _Expression:
    found = _Expression()
    first = True
    while True:
        sign = tokens.sign()
        if sign is None and not first:
            return found
        factor = 1.0 if sign is None else sign
        if tokens.take("["):
            _read_products(tokens, factor, found)
        else:
            number = tokens.number()
            token = tokens.peek()
            starts_row = number is None and sign is None and tokens.peek(1) is not None and tokens.peek(1).text == ":"  # type: ignore[union-attr]
            if token is not None and token.kind == "name" and not starts_row:
                name = tokens.name()
                found.linear[name] = found.linear.get(name, 0.0) + factor * (1.0 if number is None else number)
            elif number is not None:
                found.constant += factor * number
            elif sign is not None:
                raise _unexpected(token, "a number or a variable")
            else:
                return found
        first = False


def _read_products(tokens: _Tokens, factor: float, found: _Expression) -> None:
    terms: list[tuple[str, str, float]] = []
    while not tokens.take("]"):
        sign, number = tokens.sign(), tokens.number()
        value = (1.0 if sign is None else sign) * (1.0 if number is None else number)
        first = tokens.name()
        if tokens.take("^"):
            if tokens.number() != 2.0:
                raise _unexpected(tokens.peek(-1), "the power 2")
            second = first
        elif tokens.take("*"):
            second = tokens.name()
        else:
            raise _unexpected(tokens.peek(), "* or ^ 2 inside brackets")
        terms.append((first, second, value))
    if tokens.take("/"):
        divisor = tokens.number()
        if divisor is None or divisor == 0.0:
            raise _unexpected(tokens.peek(-1), "a number other than 0")
        factor /= divisor
    for first, second, value in terms:
        found.products[first, second] = found.products.get((first, second), 0.0) + factor * value


def _read_objective(tokens: _Tokens) -> _Expression:
    tokens.label()
    found = _read_expression(tokens)
    if tokens.peek() is not None:
        raise _unexpected(tokens.peek(), "one expression")
    return found


def _read_rows(tokens: _Tokens) -> list[Row]:
    rows: list[Row] = []
    while (start := tokens.peek()) is not None:
        name = tokens.label() or f"c{len(rows) + 1}"
        first = tokens.peek()
        is_empty = first is not None and first.text in _SENSES  # docplex leaves a sum of nothing out
        left = _read_expression(tokens)
        mark = tokens.next()
        if mark is None or mark.text not in _SENSES:
            raise _unexpected(mark, "<=, >= or =")
        sense = _SENSES[mark.text]
        lower, upper = -math.inf, math.inf
        if not left.linear and not left.products and not is_empty:
            lower, upper = _within(_FLIPPED[sense], left.constant)
            left = _read_expression(tokens)
            mark = tokens.peek()
            sense = _SENSES.get(mark.text, "") if mark is not None and mark.kind == "mark" else ""
            if sense:
                tokens.next()
        if sense:
            least, most = _within(sense, tokens.limit())
            lower, upper = max(lower, least), min(upper, most)
        if tokens.take("->"):
            raise ConversionError(f"rows must be linear, got an implication in line {start.line}")
        if left.products:
            raise ConversionError(f"rows must be linear, got products in {name} in line {start.line}")
        rows.append(Row(name, left.linear, lower - left.constant, upper - left.constant))
    return rows


def _within(sense: str, limit: float) -> tuple[float, float]:
    return (-math.inf if sense == "<=" else limit), (math.inf if sense == ">=" else limit)


def _read_bounds(tokens: _Tokens, source: Source) -> None:
    while tokens.peek() is not None:
        lower, upper = -math.inf, math.inf
        given = False
        start = tokens.peek()
        if start is not None and (start.kind != "name" or start.text.lower() in INFINITE):
            limit, mark = tokens.limit(), tokens.next()
            if mark is None or mark.text not in _SENSES:
                raise _unexpected(mark, "<=, >= or =")
            lower, upper = _within(_FLIPPED[_SENSES[mark.text]], limit)
            given = True
        name = tokens.name()
        following = tokens.peek()
        if following is not None and following.text.lower() == "free" and not given:
            tokens.next()
            source.bounds[name] = (-math.inf, math.inf)
            continue
        sense = tokens.take(*_SENSES)
        if sense is None and not given:
            raise _unexpected(following, "<=, >= or =")
        if sense is not None:
            least, most = _within(_SENSES[sense], tokens.limit())
            lower, upper = max(lower, least), min(upper, most)
        known = source.bounds.get(name, (0.0, math.inf))
        source.bounds[name] = (
            lower if lower > -math.inf else known[0] if upper < math.inf else lower,
            upper if upper < math.inf else known[1],
        )
