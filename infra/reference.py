"""docs/reference.md: what the code says of itself in figures and names, so that no page has to repeat it from memory.

`python -m infra.reference` writes it; a test fails where it is out of date.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from infra import alarms, channel_table, declared, queues
from infra.edges import EDGES
from infra.limits import (
    KEEP_S,
    LIMITS,
    LOG_DAYS,
    MAX_RECEIVES,
    OTHER,
    RATES,
    STREAM_MAX_AGE_S,
    STREAM_RETRIES,
    is_bulk,
    visibility_s,
)
from infra.reads import ROOT

PAGE = ROOT / "docs" / "reference.md"

FIGURES: tuple[tuple[str, str, str], ...] = (
    ("body of a request to the API, a channel's webhook or a source", "api.http.dispatch:MAX_BODY", "bytes"),
    ("body of an event of a bot or desk", "wire.events:MAX_BYTES", "bytes"),
    ("text of a message", "domain.message:MAX_TEXT_BYTES", "bytes"),
    ("events of a bot or desk in one array", "wire.events:MAX_EVENTS", ""),
    ("buttons of a message", "wire.contents:MAX_BUTTONS", ""),
    ("files of a message", "wire.contents:MAX_MEDIA", ""),
    ("rows of a list, cards of a contact message", "wire.contents:MAX_ITEMS", ""),
    ("notifications in one array of the channel `custom`", "channels.custom:MOST_EVENTS", ""),
    ("messages and receipts in one post of an SMS gateway", "channels.sms.incoming:MOST", ""),
    ("events of a source in one array", "sources.reading:MOST_EVENTS", ""),
    ("characters of a JSONata expression", "sources.expressions:MOST_CHARACTERS", ""),
    ("time of one JSONata expression", "sources.expressions:TIMEOUT_MS", "ms"),
    ("time of the mapping of one event", "sources.engine:EVENT_FOR_MS", "ms"),
    ("memory of the process that runs mappings", "ports.child:MOST_MB", "MB"),
    ("posts of a web chat's session in half a minute", "inbound.strangers:MOST_POSTS", ""),
    ("sessions begun from one address in a minute", "inbound.strangers:MOST_NEW", ""),
    ("polls that wait, begun from one address in 20 seconds", "inbound.strangers:MOST_WAITING", ""),
    ("rows of one import of contacts", "api.contacts.files:MOST_ROWS", ""),
    ("contacts of one page of an export", "api.contacts.files:MOST_EXPORTED", ""),
    ("identities of a contact", "domain.contact:MOST_IDENTITIES", ""),
    ("tags of a contact", "domain.contact:MOST_TAGS", ""),
    ("contacts that may be merged into one", "tables.merging:MOST_ABSORBED", ""),
    ("conversations in one answer of recent messages", "api.conversations.recent:MOST_CONVERSATIONS", ""),
    ("events of one session of a trigger that wait for their answers", "domain.deciding.trigger_events:MOST_ASKED", ""),
    ("deliveries replayed by one call", "api.deliveries.replay:MOST", ""),
    ("retries of a webhook, all waits together", "api.kinds.webhooks:MAX_RETRY_S", "s"),
    ("failed attempts in a row after which a webhook is switched off", "domain.retry:DISABLE_AFTER", ""),
    ("messages in the transcript of `chat.started`", "lanes.webhooks:TRANSCRIPT", ""),
    ("recent messages in a delivery's `context`", "lanes.recent_context:MAX_CONTEXT_BYTES", "bytes"),
    ("what is remembered of an outsider's event, so that a repeat is known", "tables.receipts:KEEP_S", "s"),
    ("what is remembered of a source's event", "tables.receipts:KEEP_SOURCE_S", "s"),
    ("what is remembered of an Idempotency-Key", "api.http.idempotency:KEEP_S", "s"),
    ("history of a trigger's events", "tables.trigger_events:KEEP_S", "s"),
)
"""What is limited, where the code says so, and its unit."""


def page() -> str:
    """The page's text."""
    parts = [
        "# Reference\n\nWritten by `make reference` from the code; a test fails where it is out of date.\n",
        "## Limits\n\n" + _table(("what", "at most"), _figures()),
        "## Lambdas\n\nWithout a figure under *at once* the account is the limit; `+`: of the bulk queue.\n\n"
        + _table(("Lambda", "woken by", "memory", "time", "at once", "why"), _lambdas()),
        "## Rates\n\nOf each route of API Gateway, all methods together; what is above is answered 429 by it.\n"
        "*At the same moment* is what may come beyond the rate before it is.\n\n"
        + _table(("edge", "calls a second", "at the same moment", "why"), _rates()),
        "## Queues\n\nEach has a dead-letter queue of its own, which `bury` reads. Messages are kept for "
        f"{KEEP_S // 86_400} days.\n\n"
        + _table(
            ("queue", "step", "tries", "invisible while a try runs", "alarm when older than", "dead letters"), _queues()
        ),
        "## Streams\n\n" + _table(("step", "table", "tries", "for at most", "then"), _streams()),
        f"## Log lines\n\nOne JSON line each, kept for {LOG_DAYS} days; `step` says which. Level `WARNING` is worth a\n"
        "look, `ERROR` is what raised, with the exception.\n\n"
        + _table(("`step`", "level", "fields", "metrics"), _log_lines()),
    ]
    return "\n".join(parts)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _figures() -> Iterator[tuple[str, str]]:
    for what, where, unit in FIGURES:
        module, _, name = where.partition(":")
        yield what, _said(int(getattr(import_module(f"chalicelib.{module}"), name)), unit)


def _said(value: int, unit: str) -> str:
    if unit == "bytes":
        return f"{value // 1024} KiB" if value < 1 << 20 else f"{value >> 20} MiB"
    if unit == "s":
        for name, seconds in (("days", 86_400), ("h", 3600), ("min", 60)):
            if value >= seconds and value % seconds == 0:
                return f"{value // seconds} {name}".replace("1 days", "1 day") if value != 86_400 else "1 day"
    return f"{value} {unit}".strip()


def _lambdas() -> Iterator[tuple[str, ...]]:
    woken = {one.name: _woken(one) for one in declared.lambdas()}
    for name, limit in LIMITS.items():
        ceilings = [str(one) for one in (limit.reserved, limit.at_most) if one]
        ceilings += [f"+{limit.bulk_at_most}"] if limit.bulk_at_most else []
        by = woken.get(name) or ("HTTP" if name in EDGES or name == "api" else "")
        yield f"`{name}`", by, f"{limit.memory_mb} MB", f"{limit.timeout_s} s", " ".join(ceilings), limit.why


def _woken(one: declared.Lambda) -> str:
    if one.source == declared.PLACEHOLDER:
        return "dead-letter queues"
    if one.kind in ("schedule", "socket"):
        return "each minute" if one.kind == "schedule" else "WebSocket"
    return (" " if one.kind == "queue" else " and ").join(f"`{source}`" for source in one.sources) + (
        "" if one.kind == "queue" else " (streams)" if len(one.sources) > 1 else " (stream)"
    )


def _rates() -> Iterator[tuple[str, ...]]:
    for edge, rate in RATES.items():
        yield f"`{edge}`", str(rate.a_second), str(rate.burst), rate.why
    yield "others", str(OTHER.a_second), str(OTHER.burst), OTHER.why


def _queues() -> Iterator[tuple[str, ...]]:
    for queue in declared.queues():
        step = queues.reader(queue)
        shown = f"`{queue}`" + (" (bulk)" if is_bulk(queue) else "")
        times = f"{visibility_s(step)} s", f"{alarms.old_after_s(queue)} s"
        yield shown, f"`{step}`", str(MAX_RECEIVES), *times, f"`{declared.dead(queue)}`"


def _streams() -> Iterator[tuple[str, ...]]:
    for one in declared.streamers():
        for table in one.sources:
            hours = f"{STREAM_MAX_AGE_S // 3600} h"
            yield f"`{one.name}`", f"`{table}`", str(STREAM_RETRIES), hours, f"`{declared.stream_dead(one.name)}`"


@dataclass
class Line:
    """All that is written under one `step` at one level."""

    fields: set[str] = field(default_factory=set)
    metrics: set[str] = field(default_factory=set)


_LEVELS = {"step": "INFO", "trouble": "WARNING", "crash": "ERROR"}
_EVERY = "every step"
"""Where the name is the caller's: what raises is logged by whoever runs the step."""


def metrics() -> set[tuple[str, str]]:
    """(step, metric) of all that the lines have CloudWatch count: each is charged by the month."""
    return {(name, metric) for (name, _), line in _lines().items() for metric in line.metrics}


def _lines() -> dict[tuple[str, str], Line]:
    """(step, level) -> all that is written under it."""
    found: dict[tuple[str, str], Line] = {}
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        for name, level, fields, counted in _calls(path):
            line = found.setdefault((name, level), Line())
            line.fields |= fields
            line.metrics |= counted
    return found


def _log_lines() -> list[tuple[str, ...]]:
    found = _lines()
    order = sorted(found, key=lambda key: (key[0] != _EVERY, key))
    rows: list[tuple[str, ...]] = []
    for name, level in order:
        line = found[(name, level)]
        shown = (f"`{name}`" if name != _EVERY else name, level)
        rows.append((*shown, _names(line.fields), _names(line.metrics)))
    return rows


def _names(given: set[str]) -> str:
    return " ".join(f"`{name}`" for name in sorted(given))


def _calls(path: Path) -> Iterator[tuple[str, str, set[str], set[str]]]:
    """(step, level, fields, metrics) of each call of `log` in a module."""
    from chalicelib.ports.log import OWN_NAMES

    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _LEVELS):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "log"):
            continue
        given = [word.value for word in node.keywords if word.arg == "metrics"]
        named = {word.arg for word in node.keywords if word.arg and word.arg != "metrics"}
        counted = {str(ast.literal_eval(one)) for names in given for one in getattr(names, "elts", ())}
        for name in _steps(node.args[0], path):
            yield name, _LEVELS[node.func.attr], {OWN_NAMES.get(one, one) for one in named}, counted


def _steps(node: ast.expr, path: Path) -> list[str]:
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    # Of the pump, which four steps run; elsewhere it is whoever is run.
    return ["deliver", "send", "retry_delivery", "retry_send"] if path.stem == "pump" else [_EVERY]


def main() -> None:
    """Write the page, and the table of channels in theirs."""
    PAGE.write_text(page(), encoding="utf-8")
    channel_table.PAGE.write_text(channel_table.page(), encoding="utf-8")


if __name__ == "__main__":
    main()
