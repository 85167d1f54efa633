"""What a person should know of how a call was heard: one line, and only where something is amiss."""

from datetime import timedelta

from common.model import Coverage, Damage, TranscriptFacts


def amiss(facts: TranscriptFacts) -> str | None:
    """Speech that gave no text, and damage of the recording; None where there is neither."""
    missing = [_missing(facts.coverage)] if facts.coverage and facts.flagged else []
    return "; ".join([*missing, *map(_damage, facts.damage)]) or None


def _missing(coverage: Coverage) -> str:
    why = ", ".join(f"{each.reason} {each.ms / 1000:.1f} s in {each.count}" for each in coverage.refused)
    told = f"{coverage.share:.1%} of the speech became text"
    return f"{told} ({why})" if why else told


def _damage(damage: Damage) -> str:
    at = timedelta(seconds=damage.at_ms // 1000)
    lost = "" if damage.lost_ms is None else f", {damage.lost_ms / 1000:.1f} s lost"
    times = f" ({damage.times} times)" if damage.times > 1 else ""
    return f"{damage.what} at {at}{lost}{times}"
