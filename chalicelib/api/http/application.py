"""Chalice, which knows the calls of a REST API, called by an HTTP API too.

Chalice's own test client and `chalice local` make a REST API's calls, which go through as they are.
"""

from __future__ import annotations

from typing import Any

from chalice.app import Chalice


class Application(Chalice):
    """The application as Lambda calls it."""

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """Answer a call of either kind of API."""
        if event.get("version") != "2.0":
            return super().__call__(event, context)
        # Not before: every Lambda loads this module, and most of them answer no calls.
        from chalicelib.api.http import http_api
        from chalicelib.ports.web import Problem

        try:
            answer = super().__call__(http_api.as_rest(event), context)
        except Problem as problem:
            answer = problem.response().to_dict()
        return http_api.as_told(answer)
