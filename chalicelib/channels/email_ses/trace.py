"""What SES itself wrote above a mail that it took: for whom it was, and what it makes of who sent it.

Everything below that is the sender's, and may say the same of itself. So nothing is believed but what stands above the
first header that SES does not write, each once, below a `Received` that names the very object
(https://docs.aws.amazon.com/ses/latest/dg/receiving-email-notifications-contents.html: its headers are those).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from chalicelib.channels.email_ses.addresses import normal

_OURS = frozenset({
    "return-path", "received", "x-ses-spam-verdict", "x-ses-virus-verdict", "received-spf", "authentication-results",
    "x-ses-receipt", "x-ses-dkim-signature",
})  # fmt: skip
_FIRST = ("return-path", "received")
_BY = re.compile(
    r"\bby inbound-smtp\.[a-z0-9-]{1,30}\.amazonaws\.com\s+with\s+\S{1,20}\s+id\s+([A-Za-z0-9_-]{1,100})\s+"
    r"for\s+<?([^\s;<>]{3,254})>?\s*;"
)
_ASIDE = re.compile(r"\"[^\"]*\"|\([^()]*\)")
"""What a sender has a say in of the results: the address of the envelope may hold anything between quotes."""
_DMARC = re.compile(r"\s*dmarc=([a-z]+)(?:\s|$)", re.IGNORECASE)
_SIGNER = re.compile(r"\s*dkim=pass\s+header\.(?:i|d)=@?([A-Za-z0-9.-]+)\s*", re.IGNORECASE)
_MOST_HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a mail by SES's word; empty where SES did not say."""

    recipient: str = ""
    """To whom it was handed: the envelope's, not the header's."""
    spam: str = ""
    virus: str = ""
    dmarc: str = ""
    signers: tuple[str, ...] = ()
    """Domains whose signature (DKIM) is good."""
    empty_sender: bool = False
    """Whether it must not be answered, as its envelope names no sender: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.5"""

    def vouches_for(self, address: str) -> bool:
        """Whether the sender is who the mail says: DMARC passed, or a domain signed that is the address's own."""
        domain = address.rpartition("@")[2]
        return self.dmarc == "pass" or (self.dmarc != "fail" and bool(domain) and domain in self.signers)


def of(raw: bytes, ses_id: str) -> Trace:
    """What SES says of the mail that it keeps under this id; nothing where it is not the one who says so."""
    found: dict[str, str] = {}
    for name, value in _headers(raw):
        if name not in _OURS or name in found or ("received" not in found and name not in _FIRST):
            break
        found[name] = value
        if name == "x-ses-dkim-signature":
            break
    by = _BY.search(found.get("received", ""))
    if by is None or not ses_id or by[1] != ses_id:
        return Trace()
    results = _ASIDE.sub("", found.get("authentication-results", "")).split(";")
    if results[0].strip().lower() != "amazonses.com":
        results = []
    # SES says it last, behind what the sender has a say in.
    dmarc = [word[1].lower() for one in results if (word := _DMARC.match(one))]
    return Trace(
        normal(by[2]),
        found.get("x-ses-spam-verdict", "").strip().upper(),
        found.get("x-ses-virus-verdict", "").strip().upper(),
        dmarc[-1] if dmarc else "",
        tuple(word[1].lower() for one in results if (word := _SIGNER.fullmatch(one))),
        found.get("return-path", "").strip() == "<>",
    )


def _headers(raw: bytes) -> list[tuple[str, str]]:
    """(name in lower case, value on one line) of the headers, in their order."""
    head = re.split(rb"\r?\n\r?\n", raw[:_MOST_HEAD], maxsplit=1)[0].decode("ascii", "replace")
    unfolded = re.sub(r"\r?\n(?=[ \t])", "", head)
    pairs = (line.partition(":") for line in unfolded.splitlines())
    return [(name.strip().lower(), value.strip()) for name, colon, value in pairs if colon]
