"""The rating in an XMP sidecar. A parser finds it, and only its bytes are changed, so that everything else stays as it was.

XMP is RDF, in which a simple property such as `xmp:Rating` may be an attribute of a top-level `rdf:Description` or an element in
it, under any prefix (ISO 16684-1, 7.9.2). Content without a certain meaning is refused, never repaired.
"""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple
from xml.parsers import expat

from hdrkit.errors import InputError

REJECTED, MOST_STARS = -1, 5

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XMP = "http://ns.adobe.com/xap/1.0/"
_META = "adobe:ns:meta/"
_ROOTS = [*([f"{_META} {name}", f"{_RDF} RDF"] for name in ("xmpmeta", "xapmeta")), [f"{_RDF} RDF"]]  # old programs write xapmeta
_ENCODINGS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii")  # names that a declaration may have; the bytes decide
_NEW = f"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="{_META}">
 <rdf:RDF xmlns:rdf="{_RDF}">
  <rdf:Description rdf:about="" xmlns:xmp="{_XMP}" xmp:Rating="%d"/>
 </rdf:RDF>
</x:xmpmeta>
"""
_DESCRIPTION = f'<rdf:Description xmlns:rdf="{_RDF}" rdf:about="" xmlns:xmp="{_XMP}" xmp:Rating="%d"/>'.encode()
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"", "utf-8"))
_TAG = re.compile(rb"<([^\s/>]+)")
_ATTRIBUTE = re.compile(rb"""(\s+)([^\s=/>]+)\s*=\s*("[^"]*"|'[^']*')""")
_TAG_END = re.compile(rb"\s*(/?)>")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.0*)?")


@dataclass(frozen=True)
class Edit:
    """A change to the bytes of a file: at `offset` the bytes `old` become `new`."""

    offset: int
    old: bytes
    new: bytes

    def apply(self, data: bytes) -> bytes:
        """The bytes after the change."""
        return data[: self.offset] + self.new + data[self.offset + len(self.old) :]

    def reversed(self) -> Edit:
        """The change that takes this one back."""
        return Edit(self.offset, self.new, self.old)


def new_sidecar(stars: int) -> bytes:
    """A sidecar that holds only a rating, so that programs treat the photograph as a new one."""
    return (_NEW % stars).encode()


def rating_in(data: bytes) -> int | None:
    """The rating in a sidecar, None if it holds none. Raises InputError if it is not well-formed XMP with one meaning."""
    return _parsed(_decoded(data).content)[0]


def rating_edit(data: bytes, stars: int) -> Edit:
    """The change that makes `stars` the rating in a sidecar and changes nothing else. Raises the InputError of `rating_in`."""
    mark, encoding, content = _decoded(data)
    _, spans = _parsed(content)
    start, end = spans[0].start, spans[-1].end
    new, at = b"", start
    for span in spans:
        new += content[at : span.start] + span.template % stars
        at = span.end
    before, old, new = (part.decode().encode(encoding) for part in (content[:start], content[start:end], new))
    return Edit(len(mark) + len(before), old, new)


class _Text(NamedTuple):
    mark: bytes
    encoding: str
    content: bytes  # UTF-8


class _Span(NamedTuple):
    """Where a rating is, or would go: `template` with the number in it replaces the bytes from start to end."""

    start: int
    end: int
    template: bytes


class _Tag(NamedTuple):
    """A start tag in the text: its name as written, the attributes except namespaces, and where it ends."""

    name: bytes
    values: tuple[tuple[int, int], ...]  # between the quotes
    separator: bytes  # between the last two attributes
    attributes_end: int
    end: int
    empty: bool


def _decoded(data: bytes) -> _Text:
    mark, encoding = next((mark, encoding) for mark, encoding in _MARKS if data.startswith(mark))
    try:
        content = data[len(mark) :].decode(encoding).encode().rstrip(b"\0")  # some programs pad with zeros
    except UnicodeError:
        content = b"\0"
    if b"\0" in content:
        raise InputError(f"it is not the {encoding.upper()} text that XMP must be")
    return _Text(mark, encoding, content)


def _parsed(content: bytes) -> tuple[int | None, list[_Span]]:
    """The rating in UTF-8 text without a byte order mark, and every span that holds it, or the one where it would go."""
    reader = _Reader(content)
    ratings = {rating for rating, _ in reader.found}
    if len(ratings) > 1:
        raise InputError("it holds several ratings")
    if ratings:
        return ratings.pop(), [span for _, span in reader.found]
    if reader.room is None:
        raise InputError("there is no XMP in it")
    return None, [reader.room]


class _Reader:
    """One pass over a sidecar: the ratings `found`, each with its span, and the `room` where one could be added."""

    def __init__(self, content: bytes) -> None:
        self.found: list[tuple[int | None, _Span]] = []
        self.room: _Span | None = None
        self._described = False
        self._content = content
        self._path: list[str] = []
        self._scopes: dict[str, list[str]] = {}  # prefix -> namespaces, the innermost last
        self._rating: _Tag | None = None  # the element that is open
        self._text = ""
        parser = expat.ParserCreate("UTF-8", " ")
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartNamespaceDeclHandler = lambda prefix, uri: self._scopes.setdefault(prefix or "", []).append(uri or "")
        parser.EndNamespaceDeclHandler = lambda prefix: self._scopes[prefix or ""].pop()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        self._parser = parser
        try:
            parser.Parse(content, True)
        except expat.ExpatError as error:
            raise InputError(f"it is not well-formed XML ({error})") from None

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        with suppress(LookupError):
            if codecs.lookup(encoding or "utf-8").name in _ENCODINGS:
                return
        raise InputError(f"it claims to be {encoding}, but XMP must be Unicode")

    def _doctype(self, *_: object) -> None:
        raise InputError("it has a document type, which XMP must not have")

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._rating is not None:
            raise InputError("its rating has a structure")
        if self._path in _ROOTS:
            if name == f"{_RDF} Description":
                self._description(_tag(self._content, self._parser.CurrentByteIndex), attributes)
            elif not self._described:
                self.room = None
        elif [*self._path, name] in _ROOTS and self.room is None:
            self._root(_tag(self._content, self._parser.CurrentByteIndex))
        elif name == f"{_XMP} Rating" and self._path[-1:] == [f"{_RDF} Description"] and self._path[:-1] in _ROOTS:
            if attributes:
                raise InputError("its rating has a structure")
            self._rating, self._text = _tag(self._content, self._parser.CurrentByteIndex), ""
        self._path.append(name)

    def _root(self, tag: _Tag) -> None:
        """Without a description, a rating goes into one of its own, under prefixes that it declares itself."""
        if tag.empty:
            self.room = _Span(tag.end - 2, tag.end, b">" + _DESCRIPTION + b"</" + tag.name + b">")
        else:
            self.room = _Span(tag.end, tag.end, _DESCRIPTION)

    def _description(self, tag: _Tag, attributes: list[str]) -> None:
        for name, value, (start, end) in zip(attributes[::2], attributes[1::2], tag.values, strict=True):
            if name == f"{_XMP} Rating":
                self.found.append((_number(value), self._text_between(start, end)))
        if not self._described:
            self._described = True
            prefixes = [prefix for prefix, uris in self._scopes.items() if prefix and uris and uris[-1] == _XMP]
            if prefixes:
                added = f'{prefixes[0]}:Rating="%d"'.encode()
            else:
                prefix = next(p for n in count() if not self._scopes.get(p := f"xmp{n or ''}"))
                added = f'xmlns:{prefix}="{_XMP}"'.encode() + tag.separator + f'{prefix}:Rating="%d"'.encode()
            self.room = _Span(tag.attributes_end, tag.attributes_end, tag.separator + added)

    def _characters(self, text: str) -> None:
        if self._rating is not None:
            self._text += text

    def _end(self, _name: str) -> None:
        self._path.pop()
        if (tag := self._rating) is None:
            return
        self._rating = None
        if tag.empty:
            self.found.append((None, _Span(tag.end - 2, tag.end, b">%d</" + tag.name + b">")))
            return
        end = self._parser.CurrentByteIndex
        if any(mark in self._content[tag.end : end] for mark in (b"<!--", b"<?")):
            raise InputError("its rating has a comment in it")
        self.found.append((_number(self._text), self._text_between(tag.end, end)))

    def _text_between(self, start: int, end: int) -> _Span:
        """The span of the text between two bytes, without the space around it."""
        text = self._content[start:end]
        start += len(text) - len(text.lstrip())
        return _Span(start, start + len(text.strip()), b"%d")


def _tag(content: bytes, start: int) -> _Tag:
    """The start tag at a byte of well-formed XML."""
    name = _TAG.match(content, start)
    assert name is not None
    at, separator = name.end(), b" "
    values = []
    while attribute := _ATTRIBUTE.match(content, at):
        at, separator = attribute.end(), attribute[1]
        if attribute[2] != b"xmlns" and not attribute[2].startswith(b"xmlns:"):
            values.append((attribute.start(3) + 1, attribute.end(3) - 1))
    end = _TAG_END.match(content, at)
    assert end is not None
    return _Tag(name[1], tuple(values), separator, at, end.end(), bool(end[1]))


def _number(text: str) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or not REJECTED <= (rating := int(float(text))) <= MOST_STARS:
        raise InputError(f"its rating is {text!r}, which is not one of -1 (rejected) to 5")
    return rating
