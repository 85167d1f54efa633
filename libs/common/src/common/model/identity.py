"""What every noun is, and how calls are told apart."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

TenantId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
CallId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$")]
Revision = Annotated[int, Field(ge=1, le=1_000_000)]
Milliseconds = Annotated[int, Field(ge=0)]


class Noun(BaseModel):
    """Immutable, tolerant of fields from the future, and never quoting its content in an error."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class CallKey(Noun):
    """Which call, of whom, in which revision: the key of every event and every document."""

    tenant_id: TenantId
    call_id: CallId
    revision: Revision = 1

    @property
    def key(self) -> "CallKey":
        """This key alone; ``**dict(key)`` spells it in another noun."""
        return CallKey(tenant_id=self.tenant_id, call_id=self.call_id, revision=self.revision)

    @property
    def id(self) -> str:
        """The document id, ``tenant_id:call_id:revision``: two tenants may name a call alike."""
        return f"{self.tenant_id}:{self.call_id}:{self.revision}"
