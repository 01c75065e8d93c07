"""Tokens of OpenQASM text, one statement at a time."""

from __future__ import annotations

import re

from qtoolkit.interop.openqasm.reading.budget import Place, ReadingError

__all__ = ["Tokens", "shown", "version_of"]

_SEGMENT = re.compile(
    r"""(?: [^;{}"'/]++ | //[^\n]*+ | /\*(?s:.*?)\*/ | "[^"\n]*+" | '[^'\n]*+' | /(?![/*]) )*+ [;{}]?+""", re.VERBOSE
)
"""Up to the end of a statement or a brace that is in no comment and no string; linear in what it takes."""

_TOKEN = re.compile(
    r"""
    (?: \s++ | //[^\n]*+ | /\*(?s:.*?)\*/ )*+
    (
        [^\W\d]\w*+
      | 0[xX][0-9a-fA-F_]++ | 0[oO][0-7_]++ | 0[bB][01_]++
      | (?: [0-9][0-9_]*+ (?: \.[0-9_]*+ )?+ | \.[0-9][0-9_]*+ ) (?: [eE][+-]?[0-9]++ )?+
        (?: (?: dt | ns | us | µs | ms | s ) \b )?+
      | \$[0-9]++ | \#pragma
      | "[^"\n]*+" | '[^'\n]*+'
      | /\* | -> | == | != | <= | >= | && | \|\| | \+\+ | \*\* | << | >>
      | \S | \Z
    )
    """,
    re.VERBOSE,
)
"""The last match is the empty end of the text, so that none starts inside of a comment that nothing follows."""

_ANNOTATIONS = re.compile(r"(?: @[^\n]*+ (?: \s++ | //[^\n]*+ | /\*(?s:.*?)\*/ )*+ )++", re.VERBOSE)


def shown(token: str) -> str:
    """A token for an error message."""
    return repr(token if len(token) <= 40 else f"{token[:37]}...") if token else "the end of the text"


def version_of(text: str) -> str:
    """What the header says; without one, 2 where the text declares a ``qreg``, else 3; empty for an empty text."""
    tokens = Tokens(text)
    first = token = tokens.take()
    if first == "OPENQASM":
        return tokens.take() or "none"
    while token:
        if token == "qreg":
            return "2"
        token = tokens.take()
    return "3" if first else ""


class Tokens:
    """The tokens of a text with one to look ahead.

    Args:
        text: OpenQASM.
        origin: for error messages, the file that was included; empty for the text itself.
    """

    def __init__(self, text: str, origin: str = "") -> None:
        self.text = text
        self.origin = origin
        self._start = 0
        self._end = 0
        self._tokens: list[str] = []
        self._index = 0

    @property
    def at_boundary(self) -> int | None:
        """Offset of what follows, where all tokens taken so far end a statement or a block; else None."""
        return self._end if self._index == len(self._tokens) else None

    def jump(self, offset: int) -> None:
        """Go on at an offset of the text."""
        self._start = self._end = offset
        self._tokens = []
        self._index = 0

    def peek(self) -> str:
        """The next token; empty at the end."""
        while self._index == len(self._tokens):
            if self._end == len(self.text):
                return ""
            self._start = self._end
            match = _SEGMENT.match(self.text, self._start)
            assert match is not None  # it matches the empty text as well
            self._index = 0
            self._end = match.end()
            if self._end == self._start:
                # No segment takes an unclosed comment or string, which nothing can follow.
                first = self.text[self._start]
                self._tokens = ["/*" if first == "/" else first]
                self._end = len(self.text)
                break
            self._tokens = _TOKEN.findall(self.text, self._start, self._end)
            while self._tokens and not self._tokens[-1]:
                self._tokens.pop()
        return self._tokens[self._index]

    def take(self) -> str:
        """The next token, which is passed."""
        token = self.peek()
        self._index += bool(token)
        return token

    def accept(self, token: str) -> bool:
        """Whether the next token is this one, which then is passed."""
        if self.peek() != token:
            return False
        self._index += 1
        return True

    def expect(self, token: str) -> None:
        """Pass this token.

        Raises:
            ReadingError: if another comes.
        """
        if not self.accept(token):
            raise self.unexpected(f"needed {token!r}")

    def name(self) -> str:
        """Pass an identifier.

        Raises:
            ReadingError: if something else comes.
        """
        token = self.peek()
        if not (token[:1].isalpha() or token[:1] == "_"):
            raise self.unexpected("needed a name")
        self._index += 1
        return token

    def unexpected(self, rule: str = "") -> ReadingError:
        """The error that the next token has no place here."""
        token = self.peek()
        if token == "/*":
            return ReadingError("a comment must be closed by '*/'", self.place())
        if token[:1] in ("'", '"') and (len(token) < 2 or token[0] != token[-1]):
            return ReadingError("token recognition error: a string must be closed on its line", self.place())
        if token in ("$", "#", "\\", "`", "?"):
            return ReadingError(f"token recognition error at {token!r}", self.place())
        return ReadingError(f"unexpected {shown(token)}" + (f", {rule}" if rule else ""), self.place())

    def skip_annotations(self) -> None:
        """Go on behind the lines from the next token on that start with ``@``."""
        match = _ANNOTATIONS.match(self.text, self._offset(self.place()))
        if match:
            self.jump(match.end())

    def place(self) -> Place:
        """Where the next token stands, for `located`."""
        self.peek()
        return self._start, self._index

    def _offset(self, place: Place) -> int:
        start, index = place
        for number, match in enumerate(_TOKEN.finditer(self.text, start)):
            if number == index:
                return match.start(1)
        return len(self.text)

    def located(self, place: Place) -> str:
        """A place as ``line 3, column 5``, and the file where it is an included one."""
        offset = self._offset(place)
        line = self.text.count("\n", 0, offset) + 1
        column = offset - (self.text.rfind("\n", 0, offset) + 1) + 1
        return f"{f'{self.origin}, ' if self.origin else ''}line {line}, column {column}"
