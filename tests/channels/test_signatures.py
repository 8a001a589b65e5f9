"""Signatures that tests make are those that providers make: literal ones, which their own libraries took for theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
import pytest

from tests.channels.signatures import FORM, SCHEMES, Posted, form_body, signed

LITERAL: list[dict[str, Any]] = json.loads(Path(__file__).with_name("signatures.json").read_text(encoding="utf-8"))


def posted(one: dict[str, Any], **more: Any) -> Posted:
    body = form_body(one["form"]) if "form" in one else one["body"].encode()
    form = "form" in one or one["body"].startswith("ToCountry=")
    headers = {"content-type": FORM if form else "application/json"}
    given = {"url": one["url"]} if "url" in one else {}
    return Posted(body, one.get("at_s", 1_700_000_000) * 1000, headers=headers, **{**given, **more})


@pytest.mark.parametrize("one", LITERAL, ids=lambda one: one["why"])
def test_as_its_provider_signs(one: dict[str, Any]) -> None:
    made, [(scheme, given)] = signed(one["scheme"], posted(one)), one["scheme"].items()
    if scheme != "jwt-hs256":
        assert made == one["headers"]
        return
    # Times and names differ from token to token; what has to be the same is what the request's own hashes are.
    [(name, token)], secret = one["headers"].items(), given if isinstance(given, str) else given["secret"]
    theirs, ours = (
        jwt.decode(text.removeprefix("Bearer "), secret, algorithms=["HS256"], options={"verify_exp": False})
        for text in (token, made[name])
    )
    hashes = {"payload_hash", "url_hash"} & theirs.keys()
    assert hashes and {claim: ours[claim] for claim in hashes} == {claim: theirs[claim] for claim in hashes}


@pytest.mark.parametrize("one", LITERAL, ids=lambda one: one["why"])
def test_another_body_is_signed_otherwise(one: dict[str, Any]) -> None:
    if {*one["scheme"]} & {"header", "basic"}:
        return
    other = {**one, "form": {"A": "y"}} if "form" in one else {**one, "body": one["body"] + " "}
    # Of JSON Twilio signs the URL, which has the body's hash.
    more = {"url": "https://parley.example/other"} if "bodySHA256" in one.get("url", "") else {}
    assert signed(one["scheme"], posted(other, **more)) != signed(one["scheme"], posted(one))


def test_each_scheme_has_a_literal_one() -> None:
    elsewhere = {"standard-webhooks"}  # tests/ports/test_signing.py has those of the specification
    assert {scheme for one in LITERAL for scheme in one["scheme"]} == SCHEMES.keys() - elsewhere
