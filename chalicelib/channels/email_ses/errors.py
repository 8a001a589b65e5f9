"""What SES says no with: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors"""

from __future__ import annotations

from chalicelib.channels.contract import Refused, TryLater
from chalicelib.channels.wire import answered, unanswered
from chalicelib.domain.exchange import Exchange
from chalicelib.wire.json_body import word

LATER = frozenset({
    "TooManyRequestsException", "LimitExceededException", "ConcurrentModificationException", "ThrottlingException",
    "Throttling", "InternalServiceErrorException", "ServiceUnavailable", "InternalFailure",
})  # fmt: skip
OWNERS = frozenset({
    "AccountSuspendedException",
    "SendingPausedException",
    "MailFromDomainNotVerifiedException",
    "NotFoundException",  # no such configuration set
    "AccessDeniedException",
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "MissingAuthenticationTokenException",
    "IncompleteSignature",
    "OptInRequired",
})  # fmt: skip
"""Nothing is wrong with the mail: it waits for the owner to mend the account, where a refusal would lose it."""
_NOT_VERIFIED = "not verified"
"""Of MessageRejected: the address is not the account's, or the account may write to its own alone (the sandbox)."""


def of(exchange: Exchange, now_ms: int) -> TryLater | Refused | None:
    """What is wrong with an exchange; None where SES took the mail."""
    if 200 <= exchange.status < 300:
        return None
    name, reason = read(exchange)
    later = unanswered(exchange, now_ms)
    if later or name in LATER:
        return TryLater(_said(name, reason) or (later.error if later else "later"), later.after_s if later else 0)
    if name in OWNERS or exchange.status in (401, 403) or _NOT_VERIFIED in reason.lower():
        return TryLater(_said(name, reason) or f"http_{exchange.status}")
    return Refused(name or f"http_{exchange.status}", reason or "SES gave no reason")


def read(exchange: Exchange) -> tuple[str, str]:
    """Name and words of an error: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html#operation-error-serialization"""
    given = answered(exchange)
    name = exchange.headers.get("x-amzn-errortype", "") or word(given.get("__type")) or word(given.get("code"))
    reason = word(given.get("message")) or word(given.get("Message"))
    return name.partition(":")[0].rpartition("#")[2].strip()[:100], reason[:500]


def _said(name: str, reason: str) -> str:
    return ": ".join(one for one in (name, reason) if one)[:300]
