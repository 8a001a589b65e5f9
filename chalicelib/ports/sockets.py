"""Telling an open socket something, and closing one.

API Gateway holds the sockets; a call to it reaches one by its id
(https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-how-to-call-websocket-api-connections.html).
"""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.ports import aws, clock, log

MOST_BYTES = 32 * 1024
"""Of a frame (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html)."""
_OPENING_S = (0.1, 0.3, 1.0)
"""A socket is known to API Gateway only once `live` has let it in, a moment after its row is there
(https://repost.aws/knowledge-center/410-gone-api-gateway)."""


TOLD, GONE, FAILED = "told", "gone", "failed"
"""What may come of telling a socket something: FAILED within three seconds, and it may be open all the same."""


def tell(connection: str, frame: bytes, *, opening: bool = False) -> str:
    """Tell a socket something, and say what came of it; never raises for what is the other side's. `opening`: it may be
    that it is not open yet, which is waited for a little."""
    for wait_s in (*(_OPENING_S if opening else ()), None):
        try:
            aws.client("apigatewaymanagementapi").post_to_connection(ConnectionId=connection, Data=frame)
        except (ClientError, BotoCoreError) as error:
            code = _code(error)
            if code == "GoneException" and wait_s is not None:
                clock.pause(wait_s)
                continue
            if code == "GoneException":
                return GONE
            log.trouble("push", connection=connection, error=code)
            return FAILED
        return TOLD
    return GONE


def close(connection: str) -> None:
    """Close a socket, so that its page notices; what is gone stays so."""
    try:
        aws.client("apigatewaymanagementapi").delete_connection(ConnectionId=connection)
    except (ClientError, BotoCoreError) as error:
        if _code(error) != "GoneException":
            log.trouble("push", connection=connection, error=_code(error))


def _code(error: Exception) -> str:
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__
