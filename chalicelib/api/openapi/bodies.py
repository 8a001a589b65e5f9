"""Bodies that are not one JSON shape and no more: other media types, none at all, further statuses."""

from __future__ import annotations

from chalicelib.api.contacts.files import CSV, JSON_LINES

KINDS = {
    "api.setup.apply:apply": ("application/json", "application/yaml"),
    "api.setup.export:export": ("application/json", "application/yaml"),
    "api.contacts.files:load": (CSV, JSON_LINES[0]),
    "api.contacts.files:dump": (JSON_LINES[0],),
}
"""Function -> the media types of what it takes, or else of what it answers, where they are not JSON alone."""
DONE_TOO = {"api.deliveries.replay:many": (200,)}
"""Function -> further statuses of the same answer: a dry run has done nothing."""
FILES = {
    CSV: {
        "type": "string", "format": "contacts-csv",
        "description": "A header and rows: name, email, phone, external_id, tags, attr.<name>, consent.<name>.",
    },
    JSON_LINES[0]: {
        "type": "string", "format": "contacts-jsonl", "description": "A ContactLine in each line.",
    },
}  # fmt: skip
"""Media type -> what of it is a text for the description, and not JSON."""
EMPTY_TOO = (
    "api.setup.rotation:rotate",
    "api.setup.rotation:rotate_bearer",
    "api.conversations.trigger_events:invoke",
    "steps.receive_trigger:run",
)
"""Functions that also take no body at all."""
