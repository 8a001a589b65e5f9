"""The template as CloudFormation makes it of ours: SAM's own translator, run here.

It is part of the emulator's environment, so it runs in a process of that.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from infra.reads import ROOT

_PYTHON = ROOT / ".venv-local" / "bin" / "python"
_TRANSLATE = """
import json, sys
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
given = json.load(sys.stdin)
json.dump(Translator({}, Parser()).translate(given["template"], given["parameters"]), sys.stdout)
"""


def expanded(template: dict[str, Any], region: str = "us-east-1", **parameters: str) -> dict[str, Any]:
    """A packaged template with the resources that SAM makes of it; ValueError with what SAM says against it."""
    copied = json.loads(json.dumps(template))
    for resource in copied["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            # As after the upload: SAM looks for no file.
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    done = subprocess.run(
        [str(_PYTHON), "-c", _TRANSLATE],
        input=json.dumps({"template": copied, "parameters": {"Stage": "prod", **parameters}}),
        env={**os.environ, "AWS_DEFAULT_REGION": region},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ValueError(done.stderr.strip().splitlines()[-1])
    found: dict[str, Any] = json.loads(done.stdout)
    return found
