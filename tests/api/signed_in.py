"""Calls of the API as the console's page in a browser makes them."""

from __future__ import annotations

from typing import Any

HOST = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
NAME = "__Host-parley-test"
OURS = {"X-Parley-Console": "1", "Origin": f"https://{HOST}", "Sec-Fetch-Site": "same-origin"}


class Browser:
    """The console's page in a browser that keeps its cookie."""

    def __init__(self, api: Any, **sent: str) -> None:
        self._api, self.sent, self.jar = api.as_key(""), OURS | sent, dict[str, str]()

    def __call__(self, method: str, path: str, body: Any = None, /, **more: str) -> Any:
        cookies = {"Cookie": "; ".join(f"{name}={held}" for name, held in self.jar.items())} if self.jar else {}
        given = {name.replace("_", "-"): value for name, value in more.items()}
        answer = self._api(method, path, body, **(self.sent | cookies | given))
        for cookie in answer.cookies:
            name, _, rest = cookie.partition("=")
            self.jar[name] = rest.partition(";")[0]
            if "Max-Age=0" in rest:
                del self.jar[name]
        return answer

    def sign_in(self, key: str) -> Any:
        return self("POST", "/console/session", {"key": key})

    @property
    def signed_in(self) -> bool:
        return bool(self("GET", "/console/session").status == 200)
