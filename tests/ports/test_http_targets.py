"""Where calls may go: hostile URLs, hostile names, and certificates."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from yarl import URL

from chalicelib.ports import http, targets
from chalicelib.ports.pinned import Pinned, PrivateAddress
from tests.ports.conftest import Serve

HOSTILE = [
    "https://127.0.0.1/", "https://127.1/", "https://2130706433/", "https://0x7f000001/", "https://0x7f.1/",
    "https://0177.0.0.1/", "https://017700000001/", "https://127.0.0.1./", "https://[::1]/", "https://[::]/",
    "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/", "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b:1::1]/", "https://[2002:7f00:1::]/", "https://[2001:0:7f00:1::]/", "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/", "https://[fd00:ec2::254]/", "https://[fec0::1]/", "https://[ff02::1]/", "https://0/",
    "https://0.0.0.0/", "https://10.1.2.3/", "https://172.16.0.1/", "https://192.168.1.1/", "https://100.64.0.1/",
    "https://169.254.169.254/latest/meta-data/", "https://168.63.129.16/", "https://192.0.0.8/", "https://224.0.0.1/",
    "https://255.255.255.255/", "https://198.18.0.1/", "https://203.0.113.7/",
    "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/",
    "example.com",
    "https://user:pass@example.com/", "https://user@example.com/", "https://@example.com/", "https://example.com:22/",
    "https://example.com:0/", "https://example.com:99999/", "https://example.com:/", "https://example.com:x/",
    "https://example.com\\@127.0.0.1/", "https://example.com\r\nX: y/", "https://exa mple.com/", "https:///path",
    "https://[::1/", "https://[127.0.0.1]/", "https://①②⑦.⓪.⓪.①/", "https://bücher.example/", "https://ex%61mple.com/",
    "https://-example.com/", "https://exa..mple.com/", "https://" + "a" * 64 + ".com/", "",
    "https://example.com/" + "a" * 3000,
    "https://[2606:4700::1111]x/", "https://[2606:4700::1111]:x/", "https://[2606:4700::1111", "https://x[::1]/",
    "https://[::ffff:0:169.254.169.254]/", "https://[4000::1]/", "https://[1::1]/",
    "https://[2606:4700::5efe:10.0.0.1]/", "https://[2606:4700::200:5efe:127.0.0.1]/", "https://xn--/",
    "https://examplе.com/",
]  # fmt: skip


@pytest.mark.parametrize("url", HOSTILE)
def test_a_hostile_url_is_refused_before_anything_is_sent(url: str) -> None:
    def nobody(host: str) -> None:
        raise AssertionError(f"{host} was looked up")

    async def run() -> Any:
        async with http.web(allow_private=False, resolve=nobody) as call:  # type: ignore[arg-type]
            return await call("POST", url, headers={}, body=b"{}")

    assert asyncio.run(run()).error in ("bad_url", "private_address")
    assert targets.refusal(url) == asyncio.run(run()).error


PARTS = st.sampled_from([
    "https://", "http://", "[", "]", "::1", "2606:4700::1111", "example.com", ":", "443", "0", "@", "%", "%25", "/",
    "?", "#", "\\", "xn--", "ü", "\u0660", "\u3002", "a", ".", "-", "_", " ", "\t", "\x00", "\ud800", "٤٤٣",
    "0x7f", "127.1",
])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(
    url=st.lists(PARTS | st.text(max_size=3), max_size=9).map("".join) | st.text(max_size=30).map("https://".__add__)
)
@example("http://[::1]x/")
def test_whatever_it_is_saving_and_calling_judge_it_alike(url: str) -> None:
    """What may be saved is read by the library that calls; what may not is refused, and never raises."""
    for private in (False, True):
        why = targets.refusal(url, allow_private=private)
        assert why in ("", "bad_url", "private_address")
        if not why:
            read = URL(url, encoded=url.isascii())
            assert read.host and read.port and read.scheme in ("http", "https") and not read.user
            assert read.raw_path_qs.startswith("/")


@pytest.mark.parametrize(
    "url",
    ["https://example.com", "https://example.com:8443/a?b=c#d", "https://xn--bcher-kva.example/", "https://8.8.8.8/",
     "https://[2606:4700:4700::1111]/", "https://EXAMPLE.com./", "https://a_b.example.com/", "https://example.com/ü"],
)  # fmt: skip
def test_a_public_url_is_not_refused(url: str) -> None:
    assert targets.refusal(url) == ""


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("http://127.0.0.1:5000/", ""), ("http://localhost:1/", ""), ("http://[::1]:8080/", ""),
        ("http://10.0.0.1/", ""),
        ("https://example.com:5000/", ""), ("http://2130706433/", "bad_url"), ("http://u:p@localhost/", "bad_url"),
        ("http://169.254.169.254/", "private_address"), ("http://[fd00:ec2::254]/", "private_address"),
        ("http://0.0.0.0/", "private_address"), ("http://[::ffff:169.254.169.254]/", "private_address"),
    ],
)  # fmt: skip
def test_where_private_targets_are_allowed_metadata_is_still_not(url: str, error: str) -> None:
    assert targets.refusal(url, allow_private=True) == error


def test_every_range_that_others_refuse_is_refused() -> None:
    others = pytest.importorskip("AntiSSRF").IPAddressRanges.recommended_latest
    for text in others:
        network = ipaddress.ip_network(text)
        for address in (network[0], network[-1], network[network.num_addresses // 2]):
            assert not targets.address_allowed(str(address)), (text, address)
            if address.version == 4:
                assert not targets.address_allowed(f"::ffff:{address}"), address


@pytest.mark.parametrize("text", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_addresses_are_allowed(text: str) -> None:
    assert targets.address_allowed(text)


@pytest.mark.parametrize("text", ["", "example.com", "127.1", "fe80::1%eth0", "::1%1", "8.8.8.8 ", "8.8.8.8/32"])
def test_what_is_no_plain_address_is_not_allowed(text: str) -> None:
    assert not targets.address_allowed(text, allow_private=True)


class Scripted:
    """A name server that answers each look-up with the next of its answers."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers, self.asked = list(answers), 0

    async def __call__(self, host: str) -> Sequence[str]:
        self.asked += 1
        return self.answers.pop(0)


@pytest.mark.parametrize(
    "addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"], ["::ffff:10.0.0.1"], ["fe80::1%eth0"], ["nonsense"]]
)
def test_a_name_with_one_private_address_is_refused(addresses: list[str]) -> None:
    async def run() -> Any:
        async with http.web(allow_private=False, resolve=Scripted(addresses)) as call:
            return await call("POST", "https://bot.test/", headers={})

    assert asyncio.run(run()).error == "private_address"


def test_the_system_s_own_names_for_loopback_are_refused() -> None:
    assert http.call_once("POST", "https://localhost/", headers={}, allow_private=False).error == "private_address"


def test_what_was_checked_is_what_is_connected_to() -> None:
    names = Scripted(["8.8.8.8", "2606:4700:4700::1111"], ["127.0.0.1"])
    pinned = Pinned(names, allow_private=False)

    async def run() -> Any:
        first = await pinned.resolve("bot.test", 443)
        with pytest.raises(PrivateAddress):
            await pinned.resolve("bot.test", 443)
        return first

    assert [found["host"] for found in asyncio.run(run())] == ["8.8.8.8", "2606:4700:4700::1111"]


def test_a_name_that_is_rebound_between_calls_is_caught(serve: Serve) -> None:
    names = Scripted(["127.0.0.1"], ["169.254.169.254"])
    hosts: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hosts.append((await reader.readuntil(b"\r\n\r\n")).lower().split(b"host: ")[1].split(b"\r\n")[0])
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    async def run() -> Any:
        async with serve(answer) as port, http.web(allow_private=True, resolve=names) as call:
            return port, [await call("POST", f"http://bot.test:{port}/", headers={}) for _ in range(2)]

    port, exchanges = asyncio.run(run())
    assert [(exchange.status, exchange.error) for exchange in exchanges] == [(200, ""), (0, "private_address")]
    assert (hosts, names.asked) == ([f"bot.test:{port}".encode()], 2)


@pytest.mark.parametrize("failure", [OSError("no such name"), None])
def test_a_name_without_an_address_is_a_dns_error(failure: OSError | None) -> None:
    async def none(host: str) -> Sequence[str]:
        if failure:
            raise failure
        return []

    async def run() -> Any:
        async with http.web(allow_private=False, resolve=none) as call:
            return await call("POST", "https://bot.test/", headers={})

    assert asyncio.run(run()).error == "dns"


def test_private_targets_are_refused_unless_the_setting_allows_them(httpserver: HTTPServer) -> None:
    assert http.call_once("GET", httpserver.url_for("/"), headers={}, allow_private=False).error == "bad_url"
    assert httpserver.log == []


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, private


@pytest.mark.parametrize(
    ("host", "trusted", "error"),
    [("bot.test", True, ""), ("other.test", True, "tls"), ("bot.test", False, "tls")],
    ids=["right", "wrong_name", "unknown_issuer"],
)
def test_the_certificate_must_be_trusted_and_of_that_name(
    serve: Serve, tmp_path: Path, host: str, trusted: bool, error: str
) -> None:
    pem, private = _certificate(tmp_path, "bot.test")
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(pem, private)
    theirs = ssl.create_default_context(cafile=str(pem)) if trusted else None

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def run() -> Any:
        names = Scripted(["127.0.0.1"])
        async with (
            serve(answer, tls=ours) as port,
            http.web(allow_private=True, resolve=names, tls=theirs) as call,
        ):
            return await call("POST", f"https://{host}:{port}/", headers={})

    assert asyncio.run(run()).error == error


def test_tls_to_a_server_that_speaks_none_is_a_tls_error(serve: Serve) -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async def run() -> Any:
        async with serve(plain) as port, http.web(allow_private=True) as call:
            return await call("POST", f"https://127.0.0.1:{port}/", headers={})

    assert asyncio.run(run()).error in ("tls", "connect")
