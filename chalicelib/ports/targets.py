"""Which URLs an outgoing call may go to: the rules for the text of a URL and for the addresses behind a name.

Both are needed. The URL is checked when it is saved and again before each call; the addresses are checked at the
moment of connecting, because a name may point elsewhere by then (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

PORTS = (80, 443, 8443)
"""Ports of a public target. Others are where internal services listen; private targets may use any."""
MAX_URL = 2048

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# `ipaddress.is_global` follows IANA's registries, but with the Python version, and calls multicast, translated and
# tunnelled addresses global: through those an IPv4 address hides in an IPv6 one. The test compares the two lists
# together with those of microsoft-antissrf.
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "100.64.0.0/10",  # carrier-grade NAT
        "168.63.129.16/32",  # Azure's host agent
        "192.0.0.0/24",  # IETF protocol assignments
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT relays
        "192.88.99.0/24",  # 6to4 relays
        "192.175.48.0/24",  # AS112
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
        "::/96",  # unspecified, loopback, IPv4-compatible
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # local NAT64
        "100::/63",  # discard, dummy
        "2001::/23",  # Teredo, ORCHID and other assignments
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fc00::/7",  # unique local; AWS's metadata at fd00:ec2::254
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local
        "ff00::/8",  # multicast
    )
)
# What a developer's machine and its containers use. Link-local stays out: it is where clouds keep credentials.
_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)
_METADATA = ipaddress.ip_address("fd00:ec2::254")
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)


_UNICAST = ipaddress.ip_network("2000::/3")
"""All that IANA gives out of IPv6: https://www.iana.org/assignments/ipv6-address-space"""
_ISATAP = (0x00005EFE, 0x02005EFE)
"""What stands before the IPv4 address in the last 64 bits: https://www.rfc-editor.org/rfc/rfc5214#section-6.1"""


def address_allowed(address: str, *, allow_private: bool = False) -> bool:
    """Whether a connection may go to the address (text of an IPv4 or IPv6 address; anything else may not)."""
    found = _address(address)
    if found is None:
        return False
    if allow_private and found != _METADATA and _within(found, _PRIVATE):
        return True
    if isinstance(found, ipaddress.IPv6Address):
        inner = int(found) & (1 << 64) - 1
        hidden = ipaddress.IPv4Address(inner & (1 << 32) - 1)
        if found not in _UNICAST or (inner >> 32 in _ISATAP and not address_allowed(str(hidden))):
            return False
    return found.is_global and not _within(found, _NEVER_PUBLIC)


def refusal(url: str, *, allow_private: bool = False) -> str:
    """Why no call may go to the URL: `bad_url`, `private_address`, or empty where it may.

    Public targets: https, a port of PORTS, a name in ASCII (`xn--...`) or a public address. With `allow_private` also
    http, any port, loopback and private addresses. Never: user names and passwords, other schemes, control characters
    and blanks, zone ids, and numbers that a resolver would read as an address (`2130706433`, `0x7f.1`, `127.1`).
    No name is resolved here.
    """
    if len(url) > MAX_URL or "\\" in url or any(char.isspace() or not char.isprintable() for char in url):
        return "bad_url"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "bad_url"
    if parts.scheme not in ("https", "http") or "@" in parts.netloc or parts.netloc.endswith(":") or port == 0:
        return "bad_url"
    if not allow_private and (parts.scheme != "https" or (port or 443) not in PORTS):
        return "bad_url"
    if not _is_read_so(url, host, port or (443 if parts.scheme == "https" else 80)):
        return "bad_url"
    if literal := _literal(host, bracketed="[" in parts.netloc):
        return "" if address_allowed(literal, allow_private=allow_private) else "private_address"
    return "" if _is_name(host) and not _ends_in_number(host) else "bad_url"


def _is_read_so(url: str, host: str, port: int) -> bool:
    """Whether the library that makes the call reads the same host and port from the URL, or anything at all."""
    from yarl import URL

    try:
        read = URL(url, encoded=url.isascii())
        return (read.raw_host or "").lower() == host and read.port == port and bool(str(read))
    except (ValueError, TypeError, UnicodeError):
        return False


def _literal(host: str, *, bracketed: bool) -> str:
    if bracketed != (":" in host) or "%" in host:
        return ""
    return host if _address(host) is not None else ""


def _is_name(host: str) -> bool:
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split("."))


def _ends_in_number(host: str) -> bool:
    # The rule by which browsers take a host for an IPv4 address: https://url.spec.whatwg.org/#ends-in-a-number-checker
    last = host.rstrip(".").rpartition(".")[2].lower()
    return last.isdigit() or re.fullmatch(r"0x[0-9a-f]*", last) is not None


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        return None if found.scope_id else found.ipv4_mapped or found
    return found


def _within(address: Address, networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
