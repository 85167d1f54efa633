"""A real Prometheus scrapes the services after a call: each panel on our metrics has something to show."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml
from expressions import FOREIGN, OBSERVABILITY, RULES, Asked, panels, plain, rules, selectors
from onebox.door import Door
from onebox.expectations import sample
from onebox.process import LOOPBACK, Command, reserved_port, running_process
from onebox.stack import Stack
from promtool import program
from waiting import until, until_terminal

pytestmark = pytest.mark.asyncio(loop_scope="session")

MINUTES = 600.0  # seconds; real speech recognition, however busy the machine
SETTLING = 60.0  # seconds until two scrapes and the recording rules have followed

NOT_YET: Mapping[str, str] = {
    "model_end_of_life_timestamp_seconds": "the local models have no known end",
    "pipeline_parked_calls": "no call has to wait for a time",
    "pipeline_redeliveries_total": "no message is delivered twice here",
    "pipeline_stuck_calls_total": "no call gets stuck",
    "sqs_drain_seconds_bucket": "no consumer stops",
    "sqs_lease_extensions_total": "no handler outlasts the first heartbeat",
    "sqs_released_total": "no message is given back unhandled",
}
"""Series that are born when something happens that does not happen to a call that goes well."""
UNHARMED = {("stage", "transcribe"), ("stage", "analyze"), ("stage", "embed")}  # ingest refuses the file
GONE_WRONG = {("fault", "ours"), ("outcome", "throttled")}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def prometheus(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    """Debian's Prometheus with the committed scrape job and rules, told this stack's addresses."""
    binary = program("prometheus")
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text(yaml.safe_dump(adapted(stack)))
    with reserved_port(0) as port:
        url = f"http://{LOOPBACK}:{port}"
        command = Command(
            name="prometheus",
            argv=(
                *(binary, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"),
                f"--web.listen-address={LOOPBACK}:{port}",
            ),
            env={},
            ready=f"{url}/-/ready",
            log=folder / "prometheus.log",
        )
        async with running_process(command), httpx.AsyncClient(base_url=url, timeout=30) as client:
            yield client


def adapted(stack: Stack) -> dict[str, Any]:
    """The committed configuration: these targets instead of names, every second instead of every 15."""
    committed: dict[str, Any] = yaml.safe_load((OBSERVABILITY / "prometheus" / "prometheus.yml").read_text())
    job = next(job for job in committed["scrape_configs"] if job["job_name"] == "callstream")
    del job["dns_sd_configs"]
    job["static_configs"] = [
        {"targets": [one.url.removeprefix("http://") for one in stack.services.values()]}
    ]
    committed["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    committed["rule_files"] = [str(path) for path in RULES.glob("*.yaml")]
    return committed | {"scrape_configs": [job]}


def shown() -> list[Asked]:
    """Each panel's expression that a good call and an unreadable one must fill."""
    sources = {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}
    return [asked for _, asked in panels("prometheus") if not excused(asked.expr, sources)]


def excused(expr: str, sources: Mapping[str, str]) -> bool:
    """It reads what is not ours, or what only a misfortune brings about."""
    for selector in selectors(expr):
        source = sources.get(selector.name)
        if source is not None and excused(source, sources):
            return True
        matched = {(matcher.name, matcher.value) for matcher in selector.matchers.matchers}
        if selector.name == "pipeline_dlq_messages_total" and matched & UNHARMED:
            return True
        negated = any(f'outcome!="{good}"' in expr for good in ("ok", "completed"))
        if selector.name in NOT_YET or selector.name in FOREIGN or matched & GONE_WRONG or negated:
            return True
    return False


async def empty_ones(prometheus: httpx.AsyncClient, wanted: list[Asked]) -> list[Asked]:
    """Those of *wanted* that have nothing to show now."""
    found = []
    for asked in wanted:
        answer = (await prometheus.post("/api/v1/query", data={"query": plain(asked.expr)})).json()
        assert answer["status"] == "success", (asked, answer)
        if not answer["data"]["result"]:
            found.append(asked)
    return found


async def ended(door: Door, recording: Path) -> str:
    """How the call ended; one at a time, so that a slow recogniser is not asked twice at once."""
    call = await until_terminal(door, await door.hand_in(recording), MINUTES)
    return str(call["status"])


async def test_every_panel_on_our_own_metrics_has_something_to_show_after_a_call(
    door: Door, prometheus: httpx.AsyncClient, tmp_path: Path
) -> None:
    """A sample and a file that is no recording; what only misfortunes fill is listed above."""
    noise = tmp_path / "noise.wav"
    noise.write_bytes(b"RIFF no recording at all\x00")
    assert "completed" == await ended(door, sample("product_demo").recording)
    assert "failed" == await ended(door, noise)

    wanted = shown()
    assert len(wanted) > 100

    left = wanted

    async def all_shown() -> bool:
        nonlocal left
        left = await empty_ones(prometheus, left)
        return not left

    with suppress(AssertionError):  # what is still empty tells more than that time is up
        await until(all_shown, SETTLING, what="each panel shows something")
    assert [] == left


async def test_all_targets_are_up_and_no_rule_fails(prometheus: httpx.AsyncClient) -> None:
    """Each service answers the scrape, and Prometheus evaluates every rule without a complaint."""
    ups = (await prometheus.post("/api/v1/query", data={"query": "up"})).json()["data"]["result"]
    groups = (await prometheus.get("/api/v1/rules")).json()["data"]["groups"]

    assert {"1"} == {one["value"][1] for one in ups}
    assert {""} == {rule.get("lastError", "") for group in groups for rule in group["rules"]}
