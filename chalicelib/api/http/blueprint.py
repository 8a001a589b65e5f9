"""Registers the table of routes with Chalice; what answers a request is imported when the first one comes."""

from __future__ import annotations

from collections.abc import Callable

from chalice.app import Blueprint, Response

from chalicelib.api.http.routes import METHODS, TABLE, of_path

routes = Blueprint(__name__)


def _view(path: str) -> Callable[..., Response]:
    def view(**names: str) -> Response:
        from chalicelib.api.http.dispatch import serve

        return serve(of_path(path), routes.current_request, routes.lambda_context, names)

    return view


for _path in dict.fromkeys(route.path for route in TABLE):
    # All methods are registered, so that a wrong one gets a 405 of ours and not the gateway's 403; all content types,
    # because a wrong one is our 415 and a webhook may come as a form.
    _methods = dict.fromkeys((*METHODS, *of_path(_path)))
    routes.route(_path, methods=list(_methods), content_types=["*/*"])(_view(_path))
