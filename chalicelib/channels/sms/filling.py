"""Templates of owners (Liquid, https://shopify.github.io/liquid/), checked before use and filled in within bounds.

Each value is written as the place wants it where it stands: within a string of JSON, percent-encoded in an address or
a form, with entities in XML. So nobody has to think of a quotation mark in what a customer wrote. A filter that writes
for a place (`json`, `url_encode`, `escape`) is its template's own, and is not done again there.

Loops, output and memory have bounds, filters none: so nothing here is called but in a process that may end (`child`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TextIO
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

from liquid import Environment, RenderContext
from liquid.builtin import content, illegal, output
from liquid.builtin.tags import assign_tag, case_tag, comment_tag, for_tag, if_tag, inline_comment_tag, unless_tag
from liquid.exceptions import LiquidError
from liquid.stringify import to_liquid_string
from liquid.template import BoundTemplate
from liquid.undefined import FalsyStrictUndefined

from chalicelib.channels.sms import filters

VARIABLES = frozenset({
    "to", "from", "text", "id", "ref", "secrets", "options", "params", "template", "part", "parts", "unicode",
    "api_base", "webhook_url", "now",
})  # fmt: skip
"""What a template may speak of."""
OPEN = frozenset({"secrets", "options", "params"})
"""Of those: what has members, which somebody else names."""
MOST_OUTPUT = 64 * 1024
"""Bytes that a template may write."""
_MOST_LOOPS = 1000


class Unknown(FalsyStrictUndefined):
    """What is not there: an error where it would be written, false where it is asked for, and `default` knows it."""

    force_liquid_default = True


@dataclass
class Filled:
    """What templates came to."""

    given: dict[str, str] = field(default_factory=dict)
    """Path -> text."""
    wrong: list[tuple[str, str]] = field(default_factory=list)
    """(path, sentence with the position) of those that came to nothing."""
    names: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Variable with members -> (path, member) of each use."""


def filled(texts: Mapping[str, tuple[str, str]], values: Mapping[str, Any], *, checked: bool = False) -> Filled:
    """Templates, each with its place (url, header, json, form, xml, text), by what they speak of. `checked`: also look
    at what no run of them meets, and take any parameter of a message for given."""
    found = Filled()
    if api_base := values.get("api_base"):
        # It is an address already, which others are put behind.
        values = {**values, "api_base": filters.Written.of(api_base, "url")}
    for path, (text, place) in texts.items():
        try:
            template = _compiled(text, place)
            if checked and (why := _unknown(template, found, path)):
                found.wrong.append((path, why))
                continue
            more = dict.fromkeys((name for _, name in found.names.get("params", ())), "1") if checked else {}
            given = {**values, "params": {**more, **values.get("params", {})}}
            found.given[path] = template.render(**given)
        except LiquidError as error:
            found.wrong.append((path, _sentence(error, text)))
        except RecursionError:
            found.wrong.append((path, "is nested too deep"))
        except (ValueError, TypeError, ArithmeticError) as error:
            found.wrong.append((path, f"cannot be filled in: {error}"[:300]))
    return found


def _unknown(template: BoundTemplate, found: Filled, path: str) -> str:
    """What a template speaks of that nothing is known of; the members that it uses are noted."""
    used = template.analyze()
    for name, spans in used.filters.items():
        if name not in template.env.filters:
            return f"{_at(spans[0].index)}there is no filter {name}"
    for name, places in used.globals.items():
        if name not in VARIABLES:
            known = ", ".join(sorted(VARIABLES))
            return f"{_at(places[0].span.index)}{name} is not known here; there are {known}"
        for one in places:
            if name in OPEN and len(one.segments) > 1 and isinstance(one.segments[1], str):
                found.names.setdefault(name, []).append((path, one.segments[1]))
    return ""


def _sentence(error: LiquidError, text: str) -> str:
    at = error.token.start_index if error.token is not None else -1
    return f"{_at(at if at >= 0 else len(text))}{error.message}"[:300]


def _at(index: int) -> str:
    return f"position {index + 1}: "


class _Node(output.OutputNode):
    """A value, written as its place wants it."""

    __slots__ = ()

    def render_to_output(self, context: RenderContext, buffer: TextIO) -> int:
        value = self.expression.evaluate(context)
        place = str(context.env.globals["_place"])
        if isinstance(value, filters.Written) and place in value.places:
            return buffer.write(str(value))
        return buffer.write(_WRITTEN[place](to_liquid_string(value, autoescape=False)))


class _Output(output.Output):
    node_class = _Node


def _in_header(text: str) -> str:
    """Without what would begin another header."""
    return "".join(one if one.isprintable() else " " for one in text).strip()


def _in_xml(text: str) -> str:
    kept = "".join(one for one in text if one in "\t\n\r" or (ord(one) >= 32 and one not in "\ufffe\uffff"))
    return escape(kept, {'"': "&quot;", "'": "&apos;"})


_WRITTEN: dict[str, Callable[[str], str]] = {
    "url": lambda text: quote(text, safe="", errors="replace"),
    "form": lambda text: quote_plus(text, errors="replace"),
    "json": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "xml": _in_xml,
    "header": _in_header,
    "text": str,
}
"""Place -> how a value is written there."""


class _Environment(Environment):
    """Liquid with what a request needs, and nothing that reads files or holds what it wrote."""

    loop_iteration_limit = _MOST_LOOPS
    output_stream_limit = MOST_OUTPUT
    local_namespace_limit = MOST_OUTPUT
    context_depth_limit = 10
    block_nesting_limit = 10

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002 (as the library calls it)
        for tag in (
            content.Literal, _Output, illegal.Illegal, if_tag.IfTag, unless_tag.UnlessTag, case_tag.CaseTag,
            for_tag.ForTag, for_tag.BreakTag, for_tag.ContinueTag, assign_tag.AssignTag, comment_tag.CommentTag,
            inline_comment_tag.InlineCommentTag,
        ):  # fmt: skip
            self.add_tag(tag)
        self.filters.update(filters.FILTERS)


@lru_cache(maxsize=8)
def _environment(place: str) -> Environment:
    return _Environment(undefined=Unknown, globals={"_place": place})


@lru_cache(maxsize=512)
def _compiled(text: str, place: str) -> BoundTemplate:
    return _environment(place).from_string(text)
