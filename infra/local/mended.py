"""MiniStack with three things put right; run by its own Python in the place of its command.

MiniStack 1.5.33 hands on a FIFO queue's next batch only when the one before is done, so one slow event holds up all.
Lambda runs as many as there are groups with messages, and the emulator's queues already keep a group to one batch.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html

It also goes on behind a batch of a DynamoDB stream whose function answered `batchItemFailures`: the record
that failed and all after it would be lost. Lambda reads them again, and so does this; those before it come again too,
as they do on AWS where a batch fails as a whole.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html

And it answers every OPTIONS of an HTTP API itself. API Gateway does so where the API says who may call; else the call
goes to the route like any other.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
"""

from __future__ import annotations

import gc
import os
import runpy
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

Result = dict[str, Any]


def told(run: Callable[[Any, Any], Result], func: Any, event: Any) -> Result:
    """What a function's run came to; an error where it is a batch of a stream and some of it failed."""
    result = run(func, event)
    records = event.get("Records") if isinstance(event, dict) else None
    if not records or records[0].get("eventSource") != "aws:dynamodb" or result.get("error"):
        return result
    body = result.get("body")
    if isinstance(body, dict) and body.get("batchItemFailures"):
        why = {"errorType": "PartialBatchFailure", "errorMessage": str(body["batchItemFailures"])}
        return result | {"error": True, "function_error": "Unhandled", "body": why}
    return result


Response = tuple[int, dict[str, Any], bytes]


def handed_on(gateway: Any, as_it_is: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    """What runs a call of an HTTP API: OPTIONS as any other method where the API does not say who may call."""

    async def run(
        api: str, stage: str, path: str, method: str, headers: dict[str, str], body: bytes, query: Any, *scope: Any
    ) -> Response:
        said = (gateway._apis.get(api) or {}).get("corsConfiguration")
        route = None if said or method != "OPTIONS" else gateway._match_route(api, method, "/" + path.lstrip("/"))
        if route is None:
            return await as_it_is(api, stage, path, method, headers, body, query, *scope)
        key, way = route["routeKey"], route["target"].removeprefix("integrations/")
        names = gateway._extract_path_params(key.partition(" ")[2], path) or None
        lower = {name.lower(): value for name, value in headers.items()}
        account, region, raw_query = scope
        return await gateway._invoke_lambda_proxy(  # type: ignore[no-any-return]  # it has no types
            gateway._integrations[api][way],
            api,
            stage,
            path,
            method,
            lower,
            body,
            query,
            key,
            names,
            owner_account_id=account,
            owner_region=region,
            raw_query_string=raw_query,
        )

    return run


def _beside(name: str) -> dict[str, Any]:
    """A module by its file: this runs without the folder among the places where modules are looked for."""
    return runpy.run_path(str(Path(__file__).with_name(name)))


def main() -> int:
    """Run the emulator."""
    from ministack import app
    from ministack.core import lambda_runtime
    from ministack.services import apigateway, dynamodb, lambda_svc, sqs

    run, at_once = lambda_svc._execute_function, lambda_svc._sqs_esm_concurrency
    lambda_svc._execute_function = lambda func, event: told(run, func, event)
    apigateway._handle_execute_in_scope = handed_on(apigateway, apigateway._handle_execute_in_scope)
    # Without the queue it does not ask whether that is FIFO.
    lambda_svc._sqs_esm_concurrency = lambda mapping, func, config, queue=None: at_once(mapping, func, config)
    _beside("faster.py")["quicken"](sqs, lambda_svc, dynamodb, lambda_runtime.Worker)
    _beside("ordered.py")["hasten"](dynamodb)
    if also := os.environ.get("PARLEY_EMULATOR_ALSO"):
        # A bench's, which puts in what would take hours by calls.
        runpy.run_path(also)["beside"](dynamodb)
    # None of it is garbage, and looking through it takes 70 ms, in which nobody is served.
    gc.freeze()
    return int(app.main() or 0)


if __name__ == "__main__":
    sys.exit(main())
