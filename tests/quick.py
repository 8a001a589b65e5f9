"""moto, made quick: what its calls to tables and queues cost besides being done is most of what our tests cost.

None of it changes what is answered, which `test_quick.py` shows by asking both ways. Importing it is enough.
"""

from __future__ import annotations

import base64
import copy
import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from botocore import parsers, validate
from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.client import BaseClient
from botocore.model import OperationModel
from moto.core import models as moto_models
from moto.core import responses as moto_responses
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.exceptions import HTTPException, ServiceException
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult, BaseResponse
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb import responses as moto_dynamodb
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models import DynamoDBBackend, utilities
from moto.dynamodb.models import dynamo_type as types
from moto.dynamodb.models import table as tables
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import StreamRecord, StreamShard, Table
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Expression, Node, UpdateExpressionFunction
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.dynamodb.responses import DynamoHandler
from moto.events.responses import EventsHandler
from moto.kms.responses import KmsResponse
from moto.sqs import models as moto_sqs
from moto.sqs.responses import SQSResponse

_ITEMS = (
    "GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem",
    "TransactWriteItems",
)  # fmt: skip
_MESSAGES = ("SendMessageBatch", "ChangeMessageVisibilityBatch")
_SHORT: dict[str, tuple[type[BaseResponse], str]] = {
    **{f"DynamoDB_20120810.{operation}": (DynamoHandler, camelcase_to_underscores(operation)) for operation in _ITEMS},
    **{f"AmazonSQS.{operation}": (SQSResponse, camelcase_to_underscores(operation)) for operation in _MESSAGES},
    "TrentService.Decrypt": (KmsResponse, "decrypt"),
    "TrentService.Encrypt": (KmsResponse, "encrypt"),
    "AWSEvents.ListRules": (EventsHandler, "list_rules"),
    "AWSEvents.PutEvents": (EventsHandler, "put_events"),
}
"""What is asked for often -> who does it, and by which method."""
_REPLACED: list[tuple[Any, str, Any, Any]] = []
"""Whose attribute, its name, what it was and what it is."""


def _replace(owner: Any, name: str, by: Any) -> Any:
    """Put something else in the place of an attribute; gives what it was."""
    was = vars(owner)[name]
    _REPLACED.append((owner, name, was, by))
    setattr(owner, name, by)
    return was


@contextmanager
def as_before() -> Iterator[None]:
    """For clients that are made here, moto as it is."""
    for owner, name, was, _ in _REPLACED:
        setattr(owner, name, was)
    try:
        yield
    finally:
        for owner, name, _, by in _REPLACED:
            setattr(owner, name, by)


# The way of a request to moto: signed, made one of werkzeug's, led by its URL, read, answered and written, by models
# that describe all services. Ours are JSON with a name on top, and so are the answers.


def _processed(self: BotocoreStubber, request: Any) -> Any:
    target = _text(request.headers.get("X-Amz-Target", ""))
    # To an emulator's address it goes by HTTP, also beside moto.
    if target not in _SHORT or ".amazonaws.com" not in request.url or _has_bytes(body := _text(request.body)):
        return _process(self, request)
    headers = {name: _text(request.headers[name]) for name in ("X-Amz-Target", "Content-Type")}
    return _done(target, request.url.split(".")[1], headers, body)


def _done(target: str, region: str, headers: dict[str, str], body: str) -> tuple[int, dict[str, Any], str]:
    """What moto does: status, headers and body of its answer."""
    kind, method = _SHORT[target]
    asked: Any = kind()
    asked.region, asked.current_account, asked.headers = region, DEFAULT_ACCOUNT_ID, headers
    asked.querystring, asked.uri_match, asked.response_headers = {}, {}, {}
    asked.params = json.loads(body)
    asked.body = asked.params if asked.automated_parameter_parsing else body
    try:
        result = getattr(asked, method)()
    except ServiceException as error:
        status, given, text = asked.serialized(ActionResult(error))
        return status, given, _text(text)
    except HTTPException as error:
        return error.code, dict(error.get_headers() or ()), error.description
    if isinstance(result, ActionResult):
        return 200, {}, "{}" if result.result is None else json.dumps(result.result, default=_encoded)
    return 200, {}, result if isinstance(result, str) else result[0]


def _has_bytes(body: str) -> bool:
    """Bytes among the attributes are another matter, and none of ours has any."""
    return '"B"' in body or '"BS"' in body


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


_process = _replace(BotocoreStubber, "process_request", _processed)

by_wire: list[Callable[[], bool]] = []
"""Who says whether the next call is to go as over a wire, where it may be lost and is then made again."""


def _called(self: BaseClient, operation_name: str, api_params: dict[str, Any]) -> Any:
    """A call written, done and read: nobody looks for its endpoint, makes a request of it, signs that, or asks whether
    to make it again. Who wants to hear of it before and after does, as ever."""
    service = self.meta.service_model
    model = service.operation_model(operation_name)
    target = f"{service.metadata.get('targetPrefix')}.{operation_name}"
    near = moto_models.botocore_stubber.enabled and not any(wanted() for wanted in by_wire)
    if target not in _SHORT or not near or not self.meta.endpoint_url.endswith(".amazonaws.com"):
        return _call(self, operation_name, api_params)
    context: dict[str, Any] = {"client_region": self.meta.region_name, "client_config": self.meta.config}
    params = self._emit_api_params(api_params, model, context)
    if (body := _written(self, model, params)) is None:
        return _call(self, operation_name, api_params)
    of, told = f"{service.service_id.hyphenize()}.{operation_name}", {"model": model, "context": context}
    request = {
        "body": body.encode(),
        "headers": {"X-Amz-Target": target},
        "url": self.meta.endpoint_url,
        "context": context,
    }
    _, answer = self.meta.events.emit_until_response(
        f"before-call.{of}", params=request, request_signer=self._request_signer, **told
    )
    http, read = answer or _answered(self, model, target, body)
    self.meta.events.emit(f"after-call.{of}", http_response=http, parsed=read, **told)
    if http.status_code >= 300:
        code = context.get("error_code_override") or read.get("Error", {}).get("Code")
        raise self.exceptions.from_code(code)(read, operation_name)
    return read


def _written(self: BaseClient, model: OperationModel, params: dict[str, Any]) -> str | None:
    """A call's body, looked through where the client is to; None where its attributes hold bytes."""
    if model.service_model.service_name not in ("dynamodb", "sqs"):
        return _text(self._serializer.serialize_to_request(params, model)["body"])
    if isinstance(self._serializer, validate.ParamValidationDecorator):
        validate.validate_parameters(params, model.input_shape)
    try:
        body = json.dumps(params)
    except TypeError:
        return None
    return None if _has_bytes(body) else body


def _answered(self: BaseClient, model: OperationModel, target: str, body: str) -> tuple[AWSResponse, dict[str, Any]]:
    """What moto answers, and what a client reads there."""
    headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0"}
    status, given, text = _done(target, self.meta.region_name, headers, body)
    response = {"status_code": status, "headers": HeadersDict(given), "body": text.encode(), "context": {}}
    read = self._response_parser.parse(response, model.output_shape)
    if status >= 300 and (shape := model.service_model.shape_for_error_code(read["Error"]["Code"])):
        read.update(self._response_parser.parse(response, shape))
    read["ResponseMetadata"]["RetryAttempts"] = 0
    return AWSResponse(self.meta.endpoint_url, status, given, None), read


_call = _replace(BaseClient, "_make_api_call", _called)


def _plain(value: Any) -> bool:
    """Whether it is an attribute's value, and JSON holds it as we do: there are no bytes in it."""
    if not isinstance(value, dict) or len(value) != 1:
        return False
    [(kind, held)] = value.items()
    if kind in ("S", "N"):
        return isinstance(held, str)
    if kind == "M":
        return isinstance(held, dict) and all(map(_plain, held.values())) and all(isinstance(key, str) for key in held)
    if kind == "L":
        return isinstance(held, list) and all(map(_plain, held))
    if kind in ("BOOL", "NULL"):
        return isinstance(held, bool)
    return kind in ("SS", "NS") and isinstance(held, list) and all(isinstance(one, str) for one in held)


def _handle_item(self: Any, shape: Any, value: Any) -> Any:
    """An attribute's value as it is, instead of asking it for each of ten types."""
    if shape.name == "AttributeValue" and _plain(value):
        return value
    return _handle_structure(self, shape, value)


def _handle_items(self: Any, shape: Any, value: Any) -> Any:
    """And all attributes of an item."""
    if shape.value.name == "AttributeValue" and all(map(_plain, value.values())):
        return value
    return _handle_map(self, shape, value)


def _checked(self: Any, params: Any, shape: Any, errors: Any, name: str) -> None:
    """The same before it is sent."""
    if shape.type_name == "map" and shape.value.name == "AttributeValue" and isinstance(params, dict):
        good = all(map(_plain, params.values())) and all(isinstance(key, str) for key in params)
    else:
        good = shape.name == "AttributeValue" and _plain(params)
    if not good:
        _validate(self, params, shape, errors, name)


_handle_structure = _replace(parsers.BaseJSONParser, "_handle_structure", _handle_item)
_handle_map = _replace(parsers.BaseJSONParser, "_handle_map", _handle_items)
_validate = _replace(validate.ParamValidator, "_validate", _checked)

for _module in (moto_responses, moto_sqs):
    # It spells the same few names letter by letter at each call.
    _replace(_module, "camelcase_to_underscores", cache(camelcase_to_underscores))
# The same few thousand times over: what a class can answer.
_replace(moto_responses, "method_names_from_class", cache(moto_responses.method_names_from_class))


# Items: each is measured once, and copied and shown without asking each value what it may be.

_MOST = 405_000
"""As moto has it."""


def _size(value: Any) -> int:
    """As moto measures a value, or what is within it."""
    if isinstance(value, DynamoType):
        return len(str(value.value)) if value.type == "N" else _size(value.value)
    if isinstance(value, bool):
        return 1
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode())
    if isinstance(value, dict):
        return sum(_size(key) + _size(one) for key, one in value.items())
    return sum(map(_size, value)) if isinstance(value, list) else len(value)


def _made(self: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: dict[str, Any]) -> None:
    """An item, measured once: moto measures all again for each attribute."""
    self.hash_key, self.range_key, self.attrs = hash_key, range_key, types.LimitedSizeDict()
    dict.update(self.attrs, {key: DynamoType(value) for key, value in attrs.items()})
    if _size(self.attrs) > _MOST:
        raise types.ItemSizeTooLarge


def _set(self: types.LimitedSizeDict, key: str, value: Any) -> None:
    if _size(self) + _size(key) + _size(value) > _MOST:
        raise types.ItemSizeTooLarge
    dict.__setitem__(self, key, value)


def _twin(value: Any) -> Any:
    if not isinstance(value, DynamoType):
        return copy.deepcopy(value)
    made = DynamoType.__new__(DynamoType)
    made.type, inner = value.type, value.value
    if isinstance(inner, dict):
        inner = {key: _twin(one) for key, one in inner.items()}
    elif isinstance(inner, list):
        inner = list(inner) if value.is_set() else [_twin(one) for one in inner]
    made.value = inner
    return made


def _twin_item(self: Item, memo: dict[int, Any]) -> Item:
    made = memo[id(self)] = Item.__new__(Item)
    made.hash_key, made.range_key, made.attrs = self.hash_key, self.range_key, types.LimitedSizeDict()
    dict.update(made.attrs, {key: _twin(one) for key, one in self.attrs.items()})
    return made


def _regular(self: DynamoType) -> dict[str, Any]:
    """As JSON, each part once: moto copies all of it at each depth."""
    value = self.value
    if isinstance(value, dict):
        value = {key: _shown(one) for key, one in value.items()}
    elif isinstance(value, list):
        value = [_shown(one) for one in value]
    return {self.type: base64.b64decode(value) if self.type == "B" and isinstance(value, str) else value}


def _shown(value: Any) -> Any:
    return _regular(value) if isinstance(value, DynamoType) else copy.deepcopy(value)


def _told(value: Any) -> Any:
    """What is answered, without asking each text in it whether it is a time or may be shown."""
    kind = type(value)
    if kind in (str, bool, int) or value is None:
        return value
    if kind is dict:
        return {key: _told(one) for key, one in value.items()}
    if kind is list:
        return [_told(one) for one in value]
    if kind is DynamoType and value.type not in ("B", "BS"):
        return {value.type: _told(value.value)}
    return _tell(value)


def _pickled(self: types.LimitedSizeDict, protocol: Any) -> Any:
    """As a whole: one by one, each is measured again."""
    return _whole, (dict(self),)


def _whole(attributes: dict[str, Any]) -> types.LimitedSizeDict:
    made = types.LimitedSizeDict()
    dict.update(made, attributes)
    return made


_replace(DynamoType, "size", _size)
_replace(DynamoType, "to_regular_json", _regular)
_replace(DynamoType, "__deepcopy__", lambda self, memo: _twin(self))
_replace(types.LimitedSizeDict, "__setitem__", _set)
_replace(Item, "__init__", _made)
_tell = _replace(utilities, "dynamo_to_dict", _told)
_replace(moto_dynamodb, "dynamo_to_dict", _told)
_replace(Item, "__deepcopy__", _twin_item)
# How long a record of a stream would be: nobody asks.
_replace(tables, "dynamo_json_dump", lambda value: "")


@cache
def _lexed(expression: str) -> tuple[Any, ...]:
    return tuple(_lex(ConditionExpressionParser(expression, {}, {})))


# The words of a condition: the same few hundred conditions over and over.
_lex = _replace(
    ConditionExpressionParser, "_lex_condition_expression", lambda self: deque(_lexed(self.condition_expression))
)


def _untracked(cls: type, *given: Any, **more: Any) -> Any:
    return object.__new__(cls)


# moto keeps all that it ever made, so that its dashboard can show it: of a session that is gigabytes, in which the
# garbage collector looks for some to free.
for _kind in (Item, StreamRecord, StreamShard, Table, moto_sqs.Message):
    _kind.__new__ = _untracked


# What an update's expression says; whoever works on it makes a copy first.
_replace(UpdateExpressionParser, "make", cache(UpdateExpressionParser.make))


def _twin_node(self: Node, memo: dict[int, Any]) -> Node:
    """A part of an expression, which is three attributes: pickling each is a third of what an update costs."""
    made = memo[id(self)] = object.__new__(type(self))
    made.type, made.parent = self.type, copy.deepcopy(self.parent, memo)
    made.children = None if self.children is None else [copy.deepcopy(child, memo) for child in self.children]
    return made


# It has none of its own.
Node.__deepcopy__ = _twin_node


@cache
def _within(kind: type, kinds: tuple[type, ...]) -> bool:
    return issubclass(kind, kinds)


def _traversed(self: DepthFirstTraverser, node: Any, child_id: int = -1) -> Any:
    """Ten look at each node of an expression: what they look for, and whether it is that, is found out once."""
    kind = type(node)
    if not _within(kind, (Node,)):
        return node
    parent = node.parent
    for at, child in enumerate(node.children or ()):
        self.pre_processing_of_child(node, at)
        self.traverse_node_recursively(child, at)
    if "_looked_for" not in vars(self):
        self._looked_for = tuple(self._processing_map())
    if _within(kind, self._looked_for):
        node = self.process(node)
        node.parent = parent
        if parent:
            parent.children[child_id] = node
    return node


def _found(self: Node, kinds: Any) -> list[Any]:
    clauses: list[Any] = []
    for child in self.children or ():
        if type(child) in kinds:
            clauses.append(child)
        elif _within(type(child), (Expression, UpdateExpressionFunction)):
            clauses += child.find_clauses(kinds)
    return clauses


_replace(DepthFirstTraverser, "traverse_node_recursively", _traversed)
_replace(Node, "find_clauses", _found)


_backups: dict[int, Table] | None = None
"""Copies that a transaction has made of tables; None between transactions."""


def _backed_up_once(self: DynamoDBBackend, items: list[dict[str, Any]]) -> None:
    """A transaction that copies each table once: moto does so for each of its items, which of a hundred is minutes."""
    global _backups
    _backups = {}
    try:
        _transact(self, items)
    finally:
        _backups = None


def _copied(self: Table, memo: dict[int, Any]) -> Table:
    if _backups is not None and id(self) in _backups:
        return _backups[id(self)]
    made = memo[id(self)] = Table.__new__(Table)
    # No call of a transaction touches more of a table than what is in it and what is streamed of it.
    vars(made).update(vars(self))
    vars(made).update({name: copy.deepcopy(vars(self)[name], memo) for name in ("items", "stream_shard")})
    if _backups is not None:
        _backups[id(self)] = made
    return made


def _same_records(self: StreamShard, memo: dict[int, Any]) -> StreamShard:
    """What was streamed does not change."""
    made = memo[id(self)] = StreamShard.__new__(StreamShard)
    vars(made).update(vars(self) | {"items": list(self.items), "table": copy.deepcopy(self.table, memo)})
    return made


_transact = _replace(DynamoDBBackend, "transact_write_items", _backed_up_once)
# None of them has one of its own.
types.LimitedSizeDict.__reduce_ex__ = _pickled
Table.__deepcopy__ = _copied
StreamShard.__deepcopy__ = _same_records
