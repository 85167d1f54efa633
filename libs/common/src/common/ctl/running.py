"""How a command of ``pipelinectl`` runs: what it is given, what it prints, and how it ends."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    from common.access.audit import Action, AuditLog

T = TypeVar("T")

WRONG, NOT_FOUND, NOT_TOLD, UNREACHABLE = 1, 3, 4, 5

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
Tenant = Annotated[str, typer.Option(help="Whose call it is.", envvar="DEFAULT_TENANT")]


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)


@asynccontextmanager
async def database() -> AsyncIterator[Any]:
    """The database that the environment names."""
    from common.clients import open_mongo
    from common.settings import MongoSettings

    async with open_mongo(MongoSettings.read()) as database:
        yield database


def audit_log(opened: Any) -> "AuditLog":
    """The record in that database."""
    from common.access.audit import AuditLog
    from common.settings import AuditSettings

    return AuditLog(opened["audit"], timedelta(days=AuditSettings.read().audit_days))


async def note(opened: Any, tenant: str, action: "Action", what: str | None) -> None:
    """Put on record what is done beside the door, before it is done."""
    from common.access.audit import OPERATOR, Deed

    deed = Deed(tenant_id=tenant, who=OPERATOR, via="none", action=action, what=what)
    await audit_log(opened).note(deed, now())


def ran(work: Coroutine[Any, Any, T]) -> T:
    """The outcome, or one clear line and an exit code."""
    return guarded(lambda: asyncio.run(work))


def guarded(work: Callable[[], T]) -> T:
    """The same of a function."""
    from common.errors import PipelineError, Transient
    from common.settings import SettingsError

    try:
        return work()
    except SettingsError as error:
        end(str(error), NOT_TOLD)
    except Transient as error:
        end(f"{error} ({error.reason}); pipelinectl doctor says what is wrong", UNREACHABLE)
    except PipelineError as error:
        end(f"{error} ({error.reason})", WRONG)


def end(told: str, code: int) -> NoReturn:
    """Say why, and exit."""
    typer.echo(told, err=True)
    raise typer.Exit(code)


def say(found: Any, *, as_json: bool) -> None:
    """Print what was found."""
    from common.ctl.output import say as said

    said(found, as_json=as_json)
