"""The rating is what changes in a sidecar, and nothing else does: against documents built around a known place."""

import codecs
import re
from contextlib import suppress
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hdrkit.errors import InputError
from hdrkit.sidecars.xmp import new_sidecar, rating_edit, rating_in

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XMP = "http://ns.adobe.com/xap/1.0/"
ENCODINGS = {
    "utf-8": b"",
    "utf-8 with a mark": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
}
stars = st.integers(-1, 5)


@dataclass(frozen=True)
class Document:
    """A sidecar in which the place of the rating is known: `text` with the marker @ where its digits are."""

    text: str
    encoding: str

    def holding(self, rating: str) -> bytes:
        return ENCODINGS[self.encoding] + self.text.replace("@", rating).encode(self.encoding.split()[0])


@st.composite
def documents(draw: st.DrawFn, form: str) -> Document:
    """Sidecars as programs and people write them: any prefixes, orders, quotes, line ends, packets, and decoys of a rating."""
    newline = draw(st.sampled_from(["\n", "\r\n", " ", "\n    "]))
    r, x = draw(st.sampled_from(["rdf", "r", "R-1"])), draw(st.sampled_from(["xmp", "xap", "q", "ns2"]))
    quote = draw(st.sampled_from("\"'"))

    def attribute(name: str, value: str) -> str:
        space = draw(st.sampled_from(["", " "]))
        return f"{name}{space}={space}{quote}{value}{quote}"

    decoys = [
        attribute("o:Rating", "4"),
        attribute("o:note", "xmp:Rating=&quot;4&quot; > é \N{GRINNING FACE} &#51;"),
        attribute("o:empty", ""),
        attribute("xml:lang", "de"),
    ]
    elements = [
        "<o:Rating>4</o:Rating>",
        f"<!-- <{x}:Rating>4</{x}:Rating> -->",
        f"<o:nested><{r}:Description {attribute(f'{x}:Rating', '4')}/></o:nested>",
        f"<o:list><{r}:Seq><{r}:li>{x}:Rating</{r}:li></{r}:Seq></o:list>",
        f"<o:text><![CDATA[<{x}:Rating>4</{x}:Rating>]]></o:text>",
        f"<{x}:Label>ü</{x}:Label>",
    ]
    spaces = [f"xmlns:{x}={quote}{XMP}{quote}", f"xmlns:o={quote}urn:other{quote}"]

    def description(own_attribute: str, own_element: str) -> str:
        inside = draw(st.lists(st.sampled_from(elements), max_size=4))
        if own_element:
            inside.insert(draw(st.integers(0, len(inside))), own_element)
        attributes = [attribute(f"{r}:about", ""), *spaces, *draw(st.lists(st.sampled_from(decoys), unique=True, max_size=4))]
        if own_attribute:
            attributes.insert(draw(st.integers(0, len(attributes))), own_attribute)
        head = newline.join([f"<{r}:Description", *attributes])
        if not inside and draw(st.booleans()):
            return f"{head}{draw(st.sampled_from(['', ' ']))}/>"
        return f"{head}>{newline}{newline.join(inside)}{newline}</{r}:Description>"

    space = draw(st.sampled_from(["", " ", "\n  "]))
    own = {
        "attribute": (f"{x}:Rating={quote}{space}@{space}{quote}", ""),
        "element": ("", f"<{x}:Rating>{space}@{space}</{x}:Rating>"),
        "none": ("", ""),
    }[form]
    parts = [description("", "") for _ in range(draw(st.integers(0, 2)))]
    parts.insert(draw(st.integers(0, len(parts))), description(*own))
    body = f"<{r}:RDF xmlns:{r}={quote}{RDF}{quote}>{newline}{newline.join(parts)}{newline}</{r}:RDF>"
    if draw(st.booleans()):
        body = f"<x:xmpmeta xmlns:x='adobe:ns:meta/' x:xmptk='any'>{body}</x:xmpmeta>"
    if draw(st.booleans()):
        body = f"<?xpacket begin='\ufeff' id='W5M0MpCehiHzreSzNTczkc9d'?>{newline}{body}{newline}{'  ' * 40}<?xpacket end='w'?>"
    encoding = draw(st.sampled_from(sorted(ENCODINGS)))
    if draw(st.booleans()):
        name = "UTF-16" if "16" in encoding else "UTF-8"
        body = f'<?xml version="1.0" encoding="{name}"?>\n{body}'
    return Document(body, encoding)


@given(documents("attribute") | documents("element"), stars, stars)
def test_a_rating_changes_and_nothing_else(document, before, after):
    data = document.holding(str(before))
    assert rating_in(data) == before
    assert rating_edit(data, after).apply(data) == document.holding(str(after))


@given(documents("none"), stars)
def test_a_rating_is_added_and_nothing_else_changes(document, after):
    data = document.holding("")
    assert rating_in(data) is None
    edit = rating_edit(data, after)
    changed = edit.apply(data)
    assert edit.old == b""
    assert rating_in(changed) == after
    assert edit.reversed().apply(changed) == data
    tree, expected = (list(ElementTree.fromstring(text).iter()) for text in (changed, data))  # noqa: S314
    differing = [(new, old) for new, old in zip(tree, expected, strict=True) if new.attrib != old.attrib]
    assert len(differing) == 1
    assert differing[0][0].attrib == differing[0][1].attrib | {f"{{{XMP}}}Rating": str(after)}


@given(documents("element"), stars)
def test_an_empty_element_is_filled(document, after):
    data = document.holding("")
    assert rating_in(data) is None
    assert rating_in(rating_edit(data, after).apply(data)) == after


def wrapped(inside: str, attributes: str = "") -> bytes:
    spaces = f'xmlns:rdf="{RDF}" xmlns:xmp="{XMP}"'
    return f'<rdf:RDF {spaces}><rdf:Description rdf:about=""{attributes}>{inside}</rdf:Description></rdf:RDF>'.encode()


def test_a_self_closing_element_is_filled_under_its_own_name():
    data = wrapped("<xmp:Rating />")
    assert rating_edit(data, 2).apply(data) == wrapped("<xmp:Rating >2</xmp:Rating>")


def test_a_prefix_that_means_something_else_is_left_alone():
    data = f'<r:RDF xmlns:r="{RDF}" xmlns:xmp="urn:other"><r:Description r:about="" xmp:Rating="4"/></r:RDF>'.encode()
    changed = rating_edit(data, 1).apply(data)
    assert rating_in(changed) == 1
    assert b'xmp:Rating="4"' in changed


def test_ratings_may_be_written_as_real_numbers():
    assert rating_in(wrapped("", ' xmp:Rating="3.0"')) == 3
    assert rating_in(wrapped("", ' xmp:Rating=" -1 "')) == -1


@pytest.mark.parametrize("name", ["UTF8", "utf-8", "ASCII", "us-ascii"])
def test_encodings_have_several_names(name):
    data = f'<?xml version="1.0" encoding="{name}"?>'.encode() + wrapped("", ' xmp:Rating="2"')
    assert rating_in(data) == 2
    assert rating_in(rating_edit(data, 4).apply(data)) == 4


def test_zeros_at_the_end_stay():
    data = wrapped("", ' xmp:Rating="2"') + bytes(5)
    assert rating_edit(data, 4).apply(data) == wrapped("", ' xmp:Rating="4"') + bytes(5)


def test_old_programs_have_another_name_for_the_root():
    data = b"<x:xapmeta xmlns:x='adobe:ns:meta/'>" + wrapped("", ' xmp:Rating="2"') + b"</x:xapmeta>"
    assert rating_edit(data, 4).apply(data) == data.replace(b'"2"', b'"4"')


@pytest.mark.parametrize("tag", ["r:RDF", "RDF", "r-1:RDF"])
@pytest.mark.parametrize("inside", [None, "", "\n <!-- <none> -->"])
@pytest.mark.parametrize("within", ["@", "<x:xmpmeta xmlns:x='adobe:ns:meta/'>\n@\n</x:xmpmeta>"])
def test_a_packet_without_properties_gets_a_description(tag, inside, within):
    prefix = tag.removesuffix("RDF").rstrip(":")
    head = f"<{tag} xmlns{prefix and ':'}{prefix}='{RDF}'"
    data = within.replace("@", f"{head} />" if inside is None else f"{head}>{inside}</{tag}>").encode()
    assert rating_in(data) is None
    edit = rating_edit(data, 2)
    changed = edit.apply(data)
    assert edit.reversed().apply(changed) == data
    assert rating_in(changed) == 2
    [described] = ElementTree.fromstring(changed).iter(f"{{{RDF}}}Description")  # noqa: S314
    assert described.attrib == {f"{{{RDF}}}about": "", f"{{{XMP}}}Rating": "2"}
    assert rating_edit(changed, 4).apply(changed) == rating_edit(data, 4).apply(data)


@given(documents("attribute"), documents("element"), stars, stars)
def test_a_rating_that_is_there_twice_changes_twice(first, second, before, after):
    """Two packets' descriptions under one root, as some writers leave them."""
    parts = [re.findall(r"<[^<>]*?:RDF[^>]*>(.*)</[^<>]*:RDF>", one.text, re.DOTALL)[0] for one in (first, second)]
    spaces = f'xmlns:rdf="{RDF}" xmlns:r="{RDF}" xmlns:R-1="{RDF}"'
    both = Document(f"<rdf:RDF {spaces}>{''.join(parts)}</rdf:RDF>", "utf-8")
    assert rating_in(both.holding(str(before))) == before
    edit = rating_edit(both.holding(str(before)), after)
    assert edit.apply(both.holding(str(before))) == both.holding(str(after))
    assert edit.reversed().apply(both.holding(str(after))) == both.holding(str(before))


NOT_XMP = ("utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no element found"),
        (b"darktable", "syntax error"),
        (b"<html><p>Rating</p></html>", "no XMP"),
        (b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>", "no XMP"),
        (f"<r:RDF xmlns:r='{RDF}'><r:Bag/></r:RDF>".encode(), "no XMP"),
        (wrapped("")[:-5], "well-formed"),
        (wrapped("").replace(b"rdf:about", b"undeclared:about"), "unbound prefix"),
        (wrapped("<xmp:Rating>4</xmp:Rating>", ' xmp:Rating="3"'), "several ratings"),
        (wrapped("<xmp:Rating>3</xmp:Rating><xmp:Rating>4</xmp:Rating>"), "several ratings"),
        (wrapped("<xmp:Rating><b>3</b></xmp:Rating>"), "structure"),
        (wrapped('<xmp:Rating rdf:parseType="Resource"/>'), "structure"),
        (wrapped("<xmp:Rating>3<!-- three --></xmp:Rating>"), "comment"),
        (wrapped("", ' xmp:Rating="good"'), "'good'"),
        (wrapped("", ' xmp:Rating="6"'), "'6'"),
        (wrapped("", ' xmp:Rating="2.5"'), "'2.5'"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + wrapped("&b;"), "document type"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + wrapped("\xe9".encode("latin-1").decode("latin-1")), "Unicode"),
        (wrapped("").replace(b'about=""', b'about="\xff"'), "UTF-8"),
        (codecs.BOM_UTF16_LE + wrapped("")[:-1], "UTF-16"),
        *((wrapped("").decode().encode(encoding), "it is not the UTF-(8|16-LE) text") for encoding in NOT_XMP),
        (wrapped("").replace(b"about", b"ab\0out"), "UTF-8"),
        (wrapped("") + b"\0<", "UTF-8"),
        (b'<?xml version="1.0" encoding="none-such"?>' + wrapped(""), "none-such"),
    ],
)
def test_what_has_no_certain_meaning_is_refused(data, why):
    for attempt in (rating_in, lambda text: rating_edit(text, 3)):
        with pytest.raises(InputError, match=why):
            attempt(data)


@given(st.binary(max_size=60) | documents("attribute").map(lambda document: document.holding("3")[:-7]))
def test_any_bytes_are_read_or_refused(data):
    with suppress(InputError):
        assert rating_in(data) in (None, *range(-1, 6))


@given(stars)
def test_a_new_sidecar_holds_the_rating_alone(number):
    data = new_sidecar(number)
    assert rating_in(data) == number
    [described] = ElementTree.fromstring(data).iter(f"{{{RDF}}}Description")  # noqa: S314
    assert described.attrib == {f"{{{RDF}}}about": "", f"{{{XMP}}}Rating": str(number)}
    assert b"darktable" not in data
