"""``pipelinectl``: the commands, their arguments and exit codes; what they do is imported when they run."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.ctl.keys_commands import keys
from common.ctl.running import NOT_FOUND, WRONG, AsJson, Tenant
from common.ctl.running import audit_log as _audit_log
from common.ctl.running import database as _database
from common.ctl.running import end as _end
from common.ctl.running import guarded as _guarded
from common.ctl.running import now as _now
from common.ctl.running import ran as _ran
from common.ctl.running import say as _say

if TYPE_CHECKING:
    from common.ctl.letters import DeadLetters
    from common.entry import Entry
    from common.journal import Journal

EXIT_CODES = (
    "Exit codes: 0 all is well; 1 doctor found a failure, or a request was refused; 2 the command line is"
    " wrong; 3 there is no such call; 4 the environment lacks settings; 5 a server did not answer."
)

app = typer.Typer(
    help="Look into the pipeline and mend it, from inside any of its images.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
dlq = typer.Typer(help="Dead letters: what no stage could handle, and the way back.", no_args_is_help=True)
app.add_typer(dlq, name="dlq")
app.add_typer(keys, name="keys")

Call = Annotated[str, typer.Argument(help="A call_id.")]
StageName = Annotated[str, typer.Argument(help="ingest, transcribe, analyze or embed.")]


def main() -> None:
    """Run one command."""
    app()


@app.command()
def show(
    call: Call,
    *,
    tenant: Tenant = "default",
    revision: Annotated[int | None, typer.Option(help="The newest unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """One call's timeline: every stage's attempts, waits, costs and reasons; what the ledger says of it."""
    from common.ctl.timeline import Timeline, timeline
    from common.journal import Journal
    from common.ledger import Ledger
    from common.transcripts import transcripts_in

    async def found() -> Timeline:
        async with _database() as database:
            entry = await _entry(Journal(database["journal"]), tenant, call, revision)
            spent = await Ledger(database["ledger"], "show", days=1).of_call(tenant, call)
            return timeline(entry, await transcripts_in(database).head(entry.key), spent)

    _say(_ran(found()), as_json=as_json)


@app.command()
def parked(*, as_json: AsJson = False) -> None:
    """Calls that wait for a time, such as that of the next day's budget: until when, and why."""
    from common.ctl.flights import Waiting, waiting

    async def found() -> list[Waiting]:
        async with _journal() as journal:
            return await waiting(journal)

    _say(_ran(found()), as_json=as_json)


@app.command()
def unpark(
    call: Call,
    *,
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Let a parked call wait no longer: the next sweep announces it, within a minute."""
    from common.ctl.timeline import timeline

    async def found() -> "Entry":
        async with _journal() as journal:
            entry = await _entry(journal, tenant, call, None)
            if not await journal.unpark(entry.key, _now()):
                _end("The call is not parked.", WRONG)
            return await _entry(journal, tenant, call, entry.revision)

    _say(timeline(_ran(found())), as_json=as_json)


@app.command()
def ps(*, as_json: AsJson = False) -> None:
    """What is in flight: call, stage, pod, since, attempt (celery inspect active).

    An attempt whose pod died is shown until its message is back, a minute later.
    """
    from common.ctl.flights import Flight, in_flight

    async def found() -> list[Flight]:
        async with _journal() as journal:
            return await in_flight(journal, _now())

    _say(_ran(found()), as_json=as_json)


@app.command()
def stats(*, as_json: AsJson = False) -> None:
    """Each queue's depth, age and dead letters; the last hour's rate and cost (celery inspect stats)."""
    from common.clients import open_sqs
    from common.ctl.environment import ToldQueues
    from common.ctl.stats import StageStats
    from common.ctl.stats import stats as counted
    from common.depths import Queues
    from common.settings import queue_urls

    async def found() -> list[StageStats]:
        told = ToldQueues.read()
        async with _journal() as journal, open_sqs(told) as sqs:
            return await counted(Queues(sqs, queue_urls(told)), journal, _now())

    _say(_ran(found()), as_json=as_json)


@app.command()
def registered(*, as_json: AsJson = False) -> None:
    """Handlers, their queues, events and versions (celery inspect registered)."""
    from common.ctl.registry import registered as handlers

    _say(handlers(), as_json=as_json)


@app.command()
def redo(
    call: Call,
    *,
    stage: Annotated[str, typer.Option("--from", help="transcribe, analyze or embed.")],
    tenant: Tenant = "default",
    as_json: AsJson = False,
) -> None:
    """Do a call again from a stage on, as a new revision; what is kept stays, and nothing is paid twice."""
    from common.ctl.redoing import redone
    from common.ctl.timeline import timeline
    from common.redo import redoable

    try:
        first = redoable(stage)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--from") from None

    async def opened() -> "Entry":
        async with _journal() as journal:
            return await redone(await _entry(journal, tenant, call, None), first, _now())

    _say(timeline(_ran(opened())), as_json=as_json)


@app.command()
def doctor(
    *,
    workload: Annotated[
        str | None, typer.Option("--as", help="Whose rights are examined; this image's unless given.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Examine each dependency: reachable, rights, names, TLS, versions, clock; and what to do."""
    from common.ctl.doctor import examine, healthy
    from common.ctl.rights import RIGHTS, workload_of_this_image
    from common.ctl.rights import workload as rights_of

    if workload is not None and workload not in RIGHTS:
        raise typer.BadParameter(f"none of {', '.join(RIGHTS)}", param_hint="--as")
    findings = _ran(examine(rights_of(workload) if workload else workload_of_this_image()))
    _say(findings, as_json=as_json)
    if not healthy(findings):
        raise typer.Exit(WRONG)


@app.command()
def bootstrap(
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Even in a real AWS account.")] = False,
    as_json: AsJson = False,
) -> None:
    """Create queues, buckets, notifications and indexes, in an emulator; what is there stays."""
    from common.ctl.bootstrap import bootstrap as make
    from common.ctl.bootstrap import is_aws_itself
    from common.ctl.environment import ToldQueues

    if is_aws_itself(_guarded(ToldQueues.read)) and not yes:
        _end(
            "No AWS_ENDPOINT_URL is set, so this would create queues and buckets in an AWS account."
            " deploy/aws/queues.yaml is meant for that; --yes does it here nevertheless.",
            WRONG,
        )
    _say(_ran(make()), as_json=as_json)


@app.command()
def reindex(  # noqa: PLR0913 - each is an option of the command line
    *,
    to: Annotated[
        str | None, typer.Option(help="The model to embed with; this environment's unless given.")
    ] = None,
    dims: Annotated[
        int | None, typer.Option(min=1, help="Length of its vectors, if not the usual one.")
    ] = None,
    rate: Annotated[float, typer.Option(min=0.1, help="Calls announced a second, at most.")] = 20.0,
    drop_old: Annotated[bool, typer.Option("--drop-old", help="Delete what was served before.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would do and cost, and end.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False,
    as_json: AsJson = False,
) -> None:
    """Embed every completed call anew into the index of a model, then let searches use it.

    The embedder has to run with that model. Run again, it goes on where it stopped.
    """
    from common.ctl.carrying import Target, open_reindex
    from common.ctl.reindex import Pace, Plan, Reindexed

    async def carried() -> Plan | Reindexed:
        async with open_reindex(Target(to, dims), Pace(rate=rate), _told) as (work, redo):
            plan = await work.plan()
            if dry_run or not (yes or _agreed(plan)):
                return plan
            return await work.run(redo, _now, drop=drop_old)

    _say(_ran(carried()), as_json=as_json)


@app.command()
def audit(
    *,
    tenant: Tenant = "default",
    call: Annotated[str | None, typer.Option(help="What was asked for of this call, or key.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """Who asked for what: reads, questions, exports, redos and what was done with keys, newest first."""
    from common.access.audit import AuditRow

    async def found() -> list[AuditRow]:
        async with _database() as database:
            return await _audit_log(database).newest(tenant, limit, call_id=call)

    _say(_ran(found()), as_json=as_json)


@dlq.command("list")
def list_(*, as_json: AsJson = False) -> None:
    """How many dead letters each stage has, by reason, among the first thousand."""
    from common.ctl.dead import Pile, piles

    async def found() -> list[Pile]:
        async with _queues() as queues:
            return await piles(queues)

    _say(_ran(found()), as_json=as_json)


@dlq.command("show")
def show_letters(
    stage: StageName,
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    bodies: Annotated[bool, typer.Option("--bodies", help="Events in full: metadata name people.")] = False,
    as_json: AsJson = False,
) -> None:
    """A stage's dead letters: ids, reason, deliveries; they are hidden from others for a moment."""
    from common.ctl.letters import Letter, letter_of

    async def found() -> list[Letter]:
        async with _letters(stage) as letters:
            return [letter_of(one, with_body=bodies) for one in await letters.look(limit)]

    _say(_ran(found()), as_json=as_json)


@dlq.command()
def redrive(
    stage: StageName,
    *,
    reason: Annotated[str | None, typer.Option(help="Only letters rejected for this reason.")] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send a stage's dead letters back to its queue; none is deleted before its copy is confirmed."""
    from common.ctl.letters import Redriven

    async def moved() -> Redriven:
        async with _letters(stage) as letters:
            return await letters.redrive(reason, limit)

    _say(_ran(moved()), as_json=as_json)


def _told(line: str) -> None:
    typer.echo(line, err=True)


def _agreed(plan: Any) -> bool:
    """Whether the operator wants to pay for it."""
    most = "a price nobody knows" if plan.usd is None else f"at most {plan.usd:.2f} USD"
    unknown = f" and {plan.unknown} calls of unknown length" if plan.unknown else ""
    cost = f"{plan.tokens} tokens{unknown}, {most}"
    return typer.confirm(f"Embed {plan.missing} of {plan.calls} calls into {plan.index}: {cost}?", err=True)


@asynccontextmanager
async def _journal() -> "AsyncIterator[Journal]":
    from common.journal import Journal

    async with _database() as database:
        yield Journal(database["journal"])


@asynccontextmanager
async def _queues() -> AsyncIterator[Any]:
    from common.clients import open_sqs
    from common.ctl.environment import ToldQueues
    from common.depths import Queues
    from common.settings import queue_urls

    told = ToldQueues.read()
    async with open_sqs(told) as sqs:
        yield Queues(sqs, queue_urls(told))


@asynccontextmanager
async def _letters(stage: str) -> "AsyncIterator[DeadLetters]":
    from common.ctl.letters import DeadLetters
    from common.pipeline import PIPELINE

    if stage not in {one.name for one in PIPELINE}:
        raise typer.BadParameter(f"{stage!r} is no stage", param_hint="STAGE")
    async with _queues() as queues:
        yield await DeadLetters.of(queues, stage)


async def _entry(journal: "Journal", tenant: str, call: str, revision: int | None) -> "Entry":
    entry = await journal.find(tenant, call, revision)
    if entry is None:
        _end(f"Tenant {tenant} has no such call; --tenant names another.", NOT_FOUND)
    return entry
