"""What was found in a call, for a person to read."""

from typing import Any

from rich.console import Console
from rich.markup import escape

FINDINGS = (
    ("pain_points", "description"),
    ("objections", "description"),
    ("competitors", "name"),
    ("questions_raised", "question"),
    ("next_steps", "description"),
    ("commitments", "description"),
    ("key_topics", "topic"),
    ("entities", "text"),
)
SHOWN = 5  # findings of a kind
STYLES = ("cyan", "green", "magenta", "yellow")


def clock(milliseconds: int) -> str:
    """``mm:ss``."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes:02d}:{seconds:02d}"


def show_call(console: Console, call: dict[str, Any]) -> None:
    """Transcript, insights with their quotes and times, cost; or why there are none."""
    if error := call["error"]:
        console.print(
            f"[bold red]failed[/] in {error['stage']}: {error['reason']}: {escape(error['message'])}"
        )
    if transcript := call["transcript"]:
        _show_transcript(console, transcript)
    if analysis := call["analysis"]:
        _show_analysis(console, analysis)
    console.print(f"\n[bold]Cost[/] ${call['cost_usd']:.4f}")


def show_hits(console: Console, words: str, hits: list[dict[str, Any]]) -> None:
    """The best places for a search."""
    console.print(f"\n[bold]Search[/] for “{escape(words)}”")
    for hit in hits:
        text = hit["text"].replace("\n", " / ")
        console.print(f"  {clock(hit['start_ms'])}  {escape(text[:160])}", highlight=False)


def _show_transcript(console: Console, transcript: dict[str, Any]) -> None:
    console.print(f"\n[bold]Transcript[/] ({transcript['language'] or 'no speech'})")
    speakers = list(dict.fromkeys(u["speaker"] for u in transcript["utterances"]))
    for said in transcript["utterances"]:
        style = STYLES[speakers.index(said["speaker"]) % len(STYLES)]
        console.print(
            f"  {clock(said['start_ms'])} [{style}]{said['speaker']:>9}[/]  {escape(said['text'])}",
            highlight=False,
        )


def _show_analysis(console: Console, analysis: dict[str, Any]) -> None:
    insights = analysis["insights"]
    if insights is None:
        console.print("\n[bold]Analysis[/] nothing was said")
        return
    sentiment = insights["sentiment"]
    console.print(f"\n[bold]Summary[/] {escape(insights['summary'])}")
    console.print(f"[bold]Sentiment[/] {sentiment['overall']} ({sentiment['score']:+.2f})", highlight=False)
    for name, label in FINDINGS:
        _show_findings(console, name.replace("_", " ").capitalize(), label, insights[name])


def _show_findings(console: Console, title: str, label: str, findings: list[dict[str, Any]]) -> None:
    if findings:
        console.print(f"[bold]{title}[/]")
    for finding in findings[:SHOWN]:
        console.print(f"  - {escape(finding[label])}", highlight=False)
        for evidence in [e for e in finding["evidence"] if e["verified"]][:1]:
            where = f"{clock(evidence['start_ms'])} {evidence['speaker']}"
            console.print(f"      [dim]{where}:[/] “{escape(evidence['quote'])}”", highlight=False)
