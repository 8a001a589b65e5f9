"""The child process in which expressions of people we do not know run, for all of this process: it is started once."""

from __future__ import annotations

from chalicelib.ports.child import Child

ENGINE = Child("chalicelib.sources.child")
EVENT_FOR_MS = 2_500
"""How long one event is read: each of its expressions has less (`expressions.TIMEOUT_MS`), but for what one call of a
function takes."""
