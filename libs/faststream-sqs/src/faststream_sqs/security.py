"""FastStream's security objects as AWS credentials."""

from typing import Any

from faststream.exceptions import SetupError
from faststream.security import BaseSecurity, SASLPlaintext


def parse_security(security: BaseSecurity | None) -> dict[str, Any]:
    """The client's arguments: of `SASLPlaintext`, user name and password are access key and secret.

    Without any, aiobotocore's chain finds credentials: environment, profile, role.
    """
    if security is None or type(security) is BaseSecurity:
        _refuse_context(security)
        return {}
    if isinstance(security, SASLPlaintext):
        _refuse_context(security)
        return {"aws_access_key_id": security.username, "aws_secret_access_key": security.password}
    raise SetupError(
        f"SQS knows no {type(security).__name__}: leave `security` out for the role or the environment, "
        "or give SASLPlaintext(access key, secret)"
    )


def _refuse_context(security: BaseSecurity | None) -> None:
    # The endpoint's scheme decides about TLS: use_ssl=False must not turn AWS's own endpoint into http.
    if security is not None and security.ssl_context is not None:
        raise SetupError(
            "botocore takes no SSL context: name the CA's file in AWS_CA_BUNDLE, or pass a client_factory"
        )


def only_once(security: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The credentials of one place or the other; raises SetupError when both name some."""
    named = {name: value for name, value in given.items() if value is not None}
    if security and named.keys() & {"aws_access_key_id", "aws_secret_access_key"}:
        raise SetupError("credentials are given twice: in `security` and as aws_access_key_id")
    return {**named, **security}
