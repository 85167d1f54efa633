"""`python -m bench.readme`: the README's comparison, taken from the report in BENCHMARKS.md."""

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SHOWN = ("B1", "B3", "B4")
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"
TITLES = {
    "B1": "Saturated: handlers that do nothing, 30 at once per stage",
    "B3": "Handlers of 1 s, 300 at once per stage, a round trip of 10 ms",
    "B4": "A trickle of two a second: how late beyond the handlers' own time",
}


def included(readme: str, report: str) -> str:
    """The README with the report's figures between its markers; raises ValueError where either lacks some."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the README needs {BEGIN} and, behind it, {END}")
    return f"{before}{BEGIN}\n{summary(report)}\n{END}{after}"


def summary(report: str) -> str:
    """When and where, and the first table of each scenario shown."""
    day = re.search(r"^\d{4}-\d\d-\d\d, .*$", report, re.MULTILINE)
    if day is None:
        raise ValueError("BENCHMARKS.md does not say when and where it was measured")
    return "\n\n".join([day[0], *(f"{TITLES[name]}:\n\n{_table(report, name)}" for name in SHOWN)])


def _table(report: str, name: str) -> str:
    found = re.search(rf"^### {name}\b.*\n+((?:\|.*\n)+)", report, re.MULTILINE)
    if found is None:
        raise ValueError(f"BENCHMARKS.md has no table under '### {name}'")
    return found[1].rstrip()


def main() -> None:
    """Rewrite the README."""
    page = HERE / "README.md"
    report = (HERE / "BENCHMARKS.md").read_text("utf-8")
    page.write_text(included(page.read_text("utf-8"), report), "utf-8")


if __name__ == "__main__":
    main()
