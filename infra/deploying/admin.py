"""The first admin key of a stage: one for all who deploy it, kept in the account and in no folder."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from infra import bootstrap, sign_in


def parameter(stage: str) -> str:
    """Name of the parameter in which a stage's admin key is kept."""
    return f"/parley/{stage}/admin-key"


def ensure(ssm: Any, dynamodb: Any, table: str, stage: str) -> bool:
    """See to it that a stage has an admin key that is kept; says whether it was made now.

    A SecureString of the Parameter Store is sealed by a key of the account, costs nothing, and is read by who may
    (https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html). It is
    put there before the table knows it: a key that nobody can read is of no use; one that does not fit is made anew.
    """
    if (kept := _read(ssm, parameter(stage))) and bootstrap.stands(dynamodb, table, kept):
        return False
    key, row = bootstrap.minted("first admin")
    ssm.put_parameter(
        Name=parameter(stage),
        Description=f"Admin key of the API of parley-{stage}",
        Value=key,
        Type="SecureString",
        Overwrite=True,
    )
    bootstrap.put(dynamodb, table, row)
    return True


def forget(ssm: Any, stage: str) -> None:
    """Remove the kept key, and the secret by which an issuer knows the stage."""
    for name in (parameter(stage), sign_in.PARAMETER.replace("${Stage}", stage)):
        try:
            ssm.delete_parameter(Name=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ParameterNotFound":
                raise


def _read(ssm: Any, name: str) -> str:
    try:
        return str(ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "ParameterNotFound":
            return ""
        raise
