"""The server: providers' APIs below /<kind>, the page at /, and what the page asks for below /phones."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from aiohttp.typedefs import Handler

from examples.providers import aws, faults, kinds
from examples.providers.calls import Line
from examples.providers.faults import EVERYBODY
from examples.providers.kinds import Answer, Deed
from examples.providers.posting import Postman
from examples.providers.providers import Providers, channel
from examples.providers.world import Hook, World

PAGE = Path(__file__).parent / "page"
LOOK = Path(__file__).parents[2] / "chalicelib" / "console"
"""Whose colours, controls and icons the page has."""
LOOKS = {
    "tokens.css": "app", "parts.css": "app", "icons.svg": "vendor", "inter-latin.woff2": "vendor", "favicon.svg": "app",
}  # fmt: skip
POLICY = (
    "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
KEEP_S = 0.5
POLL_S = 20
MOST_BODY = 64 * 1024 * 1024
TIMEOUT = ClientTimeout(total=20)


class Server:
    """All of it, for one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.app = web.Application(client_max_size=MOST_BODY, middlewares=[_only_here])
        self.app.add_routes([
            web.get("/", self._page),
            web.get("/page/{name}", self._part),
            web.get("/look/{name}", self._look),
            web.get("/phones/state", self._state),
            web.get("/phones/kinds", self._kinds),
            web.get("/phones/calls", self._calls),
            web.get("/phones/channels", self._channels),
            web.get("/phones/files/{id}", self._file),
            web.post("/phones/accounts", self._account),
            web.post("/phones/people", self._person),
            web.post("/phones/faults", self._fault),
            web.post("/phones/deeds", self._deed),
            web.post("/phones/read", self._read),
            web.route("*", "/{kind}{path:/.*}", self._provider),
        ])  # fmt: skip
        self.app.cleanup_ctx.append(self._running)

    async def _running(self, _: web.Application) -> AsyncIterator[None]:
        self._news, self._tasks = asyncio.Event(), set[asyncio.Task[None]]()
        async with ClientSession(timeout=TIMEOUT) as session:
            self._session = session
            self._postman = Postman(self.world, self._posted)
            self.world.changed = self._changed
            self._providers = Providers(self.world, self._fetch, self._postman.now)
            self._providers.open_all()
            keeping = asyncio.create_task(self._keeping())
            yield
            for task in (keeping, *self._tasks):
                task.cancel()
            self.world.write()
            await self._postman.stop()

    def _changed(self) -> None:
        self._postman.take()
        while self.world.work:
            task = asyncio.create_task(self.world.work.popleft()(Line(self._post, self._fetch, asyncio.sleep)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _keeping(self) -> None:
        kept = 0
        while True:
            await asyncio.sleep(KEEP_S)
            if kept != self.world.version:
                kept = self.world.version
                self.world.write()

    # the providers

    async def _provider(self, request: web.Request) -> web.StreamResponse:
        kind = request.match_info["kind"]
        if kind not in kinds.names():
            raise web.HTTPNotFound(text="no such provider\n")
        path, at = request.match_info["path"], _at(request)
        body = await request.read()
        answer = await self._providers.answered(kind, request.method, path, request.query, request.headers, body, at=at)
        if answer is None:
            if request.transport:
                request.transport.close()
            raise web.HTTPServiceUnavailable
        return _response(answer)

    async def _posted(self, hook: Hook) -> tuple[int, bytes]:
        if hook.method in aws.METHODS:
            place = aws.read(hook.account.hook.get("aws") or {})
            return await self._send(*aws.request(hook.method, place, hook.headers, hook.body)) if place else (0, b"")
        url = (hook.url or hook.account.url) + hook.query
        return await self._post(url, hook.body, hook.headers) if url else (0, b"")

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        return await self._send("POST", url, headers, body)

    async def _send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        try:
            async with self._session.request(method, url, data=body, headers=headers, allow_redirects=False) as answer:
                return answer.status, await answer.read()
        except (ClientError, TimeoutError, ValueError):
            return 0, b""

    async def _fetch(self, url: str) -> tuple[int, bytes, str]:
        try:
            async with self._session.get(url) as answer:
                body = await answer.content.read(kinds.FETCHED_MOST)
                return answer.status, body, answer.content_type
        except (ClientError, TimeoutError, ValueError):
            return 0, b"", ""

    # the page

    async def _page(self, _: web.Request) -> web.StreamResponse:
        headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "Cache-Control": "no-cache"}
        return web.FileResponse(PAGE / "index.html", headers=headers)

    async def _part(self, request: web.Request) -> web.StreamResponse:
        return _served(PAGE, request.match_info["name"])

    async def _look(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name not in LOOKS:
            raise web.HTTPNotFound
        return _served(LOOK / LOOKS[name], name)

    async def _kinds(self, _: web.Request) -> web.StreamResponse:
        found = {kind: kinds.load(kind) for kind in kinds.names()}
        told: dict[str, Any] = {
            kind: {"label": module.LABEL, "deeds": sorted(module.DEEDS), "tells": module.TELLS}
            for kind, module in found.items()
        }
        words = {"answers": faults.ANSWERS, "hooks": faults.HOOKS, "receipts": faults.RECEIPTS}
        return web.json_response({"kinds": told, "faults": words})

    async def _state(self, request: web.Request) -> web.StreamResponse:
        """What changed since `after`, at once or as soon as something does."""
        after = int(request.query.get("after", "0"))
        if after >= self.world.version:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), POLL_S)
        return web.json_response(self.world.shown(after if after <= self.world.version else 0))

    async def _calls(self, _: web.Request) -> web.StreamResponse:
        return web.json_response([vars(one) for one in self.world.calls])

    async def _channels(self, request: web.Request) -> web.StreamResponse:
        """The channels that stand for the accounts here, as bundles have them."""
        return web.json_response([channel(kind, _at(request)) for kind in kinds.names()])

    async def _file(self, request: web.Request) -> web.StreamResponse:
        file = self.world.files.get(request.match_info["id"])
        if file is None:
            raise web.HTTPNotFound
        # Whatever somebody sent: never a page of ours.
        shown = (
            file.type if file.type.partition("/")[0] in ("image", "audio", "video") and "svg" not in file.type else ""
        )
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'"}
        return web.Response(body=file.body, content_type=shown or "application/octet-stream", headers=headers)

    async def _account(self, request: web.Request) -> web.StreamResponse:
        """A channel that stands: `kind`, `settings`, `secrets`, `webhook_url`; of mail `aws`, a place of aws.py."""
        given = await _json(request)
        account = kinds.load(given["kind"]).opened({"settings": given["settings"], "secrets": given["secrets"]})
        account.url = given.get("webhook_url", "")
        account.hook = {"aws": given["aws"]} if given.get("aws") else {}
        self.world.open(account)
        return web.json_response({"id": account.id})

    async def _person(self, request: web.Request) -> web.StreamResponse:
        name = str((await _json(request)).get("name", "")).strip()[:60]
        if not name:
            raise web.HTTPUnprocessableEntity(text="somebody has a name\n")
        return web.json_response({"id": self.world.add_person(name).id})

    async def _fault(self, request: web.Request) -> web.StreamResponse:
        given = await _json(request)
        try:
            fault = faults.read(given)
        except ValueError as error:
            raise web.HTTPUnprocessableEntity(text=f"{error}\n") from error
        self.world.faults.switch(str(given.get("kind", "")), str(given.get("person") or EVERYBODY), fault)
        self.world.touch()
        return web.json_response({})

    async def _deed(self, request: web.Request) -> web.StreamResponse:
        """Somebody does something: `kind`, `account`, `person`, and a Deed; a file as `content` in base64, with
        `type` and `name`."""
        given = await _json(request)
        account = self.world.account(given.get("kind", ""), given.get("account", ""))
        person = self.world.people.get(given.get("person", ""))
        if account is None or person is None:
            raise web.HTTPNotFound(text="no such account or person\n")
        file = ""
        if content := given.get("content"):
            file = self.world.keep_file(base64.b64decode(content), given.get("type", ""), given.get("name", ""))
        words = {name: str(given.get(name) or "") for name in ("do", "text", "about", "payload")}
        deed = Deed(**words, file=file, details=given.get("details") or {})
        try:
            self._providers.does(deed, person, account)
        except kinds.Impossible as error:
            raise web.HTTPConflict(text=f"{error}\n") from error
        return web.json_response({})

    async def _read(self, request: web.Request) -> web.StreamResponse:
        """A person reads a message: `kind`, `id`."""
        given = await _json(request)
        bubble = self.world.bubble(given.get("kind", ""), given.get("id", ""))
        if bubble is None:
            raise web.HTTPNotFound
        self._providers.reads(bubble)
        return web.json_response({})


@web.middleware
async def _only_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Nothing for a page elsewhere whose name leads to this machine."""
    if request.host.partition(":")[0] not in ("127.0.0.1", "localhost"):
        raise web.HTTPMisdirectedRequest
    return await handler(request)


def _at(request: web.Request) -> str:
    return f"{request.scheme}://{request.host}"


def _served(folder: Path, name: str) -> web.StreamResponse:
    path = folder / name
    if "/" in name or name.startswith(".") or not path.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(path, headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"})


def _response(answer: Answer) -> web.Response:
    if isinstance(answer.body, bytes):
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
    text = json.dumps(answer.body, ensure_ascii=False)
    return web.Response(status=answer.status, text=text, headers=answer.headers, content_type="application/json")


async def _json(request: web.Request) -> dict[str, Any]:
    """What the page posts. Only JSON, which no page of others may post here without being asked."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    try:
        found = await request.json()
    except ValueError as error:
        raise web.HTTPBadRequest from error
    if not isinstance(found, dict):
        raise web.HTTPBadRequest
    return found
