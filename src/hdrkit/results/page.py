"""What the pages of all commands share: filled templates, text as HTML, and links."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from urllib.parse import quote

from hdrkit.files.text import show


def filled(template: str, filling: Mapping[str, str]) -> str:
    """The page that a template of this package gives with a text for each of its names in double braces.

    `{{> other.html}}` stands for another template, which the pages of several commands share.
    """
    return re.sub(r"\{\{(\w+)\}\}", lambda match: filling[match[1]], _template(template))


@cache
def _template(name: str) -> str:
    text = (files("hdrkit.results") / name).read_text(encoding="utf-8")
    return re.sub(r"\{\{> (\S+)\}\}\n", lambda match: _template(match[1]), text)


def as_html(text: str) -> str:
    """Text as HTML, always on one line."""
    return escape(show(text))


def link_to(path: str) -> str:
    """A relative path as the value of `href`."""
    return escape(quote(os.fsencode(path)))


def embedded(jpeg: bytes) -> str:
    """A JPEG as the value of `src`, so that the page holds it."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
