"""What the server refuses, with MongoDB's own codes."""

from typing import Any

CODES = {
    "BadValue": 2,
    "FailedToParse": 9,
    "TypeMismatch": 14,
    "IllegalOperation": 20,
    "NamespaceNotFound": 26,
    "IndexNotFound": 27,
    "PathNotViable": 28,
    "ConflictingUpdateOperators": 40,
    "CursorNotFound": 43,
    "NamespaceExists": 48,
    "DollarPrefixedFieldName": 52,
    "CommandNotFound": 59,
    "ImmutableField": 66,
    "CannotCreateIndex": 67,
    "InvalidNamespace": 73,
    "IndexOptionsConflict": 85,
    "IndexKeySpecsConflict": 86,
    "NotImplemented": 238,
    "BSONObjectTooLarge": 10334,
    "DuplicateKey": 11000,
    "UnknownField": 40415,
}


class Refused(Exception):
    """A command, or one write of it, was refused; `name` is MongoDB's name for the code."""

    def __init__(self, name: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.name = name
        self.message = message
        self.details = details

    @property
    def code(self) -> int:
        """MongoDB's number for the name."""
        return CODES[self.name]

    def as_reply(self) -> dict[str, Any]:
        """Answer the whole command with this error."""
        return {"ok": 0.0, "errmsg": self.message, "code": self.code, "codeName": self.name, **self.details}

    def as_write_error(self, index: int) -> dict[str, Any]:
        """Answer one write of a batch with this error."""
        return {"index": index, "code": self.code, "errmsg": self.message, **self.details}


def not_offered(what: str) -> Refused:
    """Say that the real server knows this and the stand-in does not."""
    return Refused("NotImplemented", f"the one-machine MongoDB stand-in does not offer {what}")
