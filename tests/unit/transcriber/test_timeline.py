"""Where decoded sound is put in time."""

from hypothesis import given
from hypothesis import strategies as st
from transcriber.losses import Losses
from transcriber.timeline import Missing, Silence, Sound, Timeline

PIECE = 0.02  # seconds

pieces = st.lists(st.sampled_from(["sound", "unstamped", "undecodable"]), min_size=1, max_size=60)
pauses = st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.05, 0.5, 3.0]), min_size=60, max_size=60)


def recorded(kinds: list[str], pauses: list[float], start: float) -> list[Sound[float] | Missing]:
    """Pieces of a recording with pauses before them; each sound holds the time it was said at."""
    parts: list[Sound[float] | Missing] = []
    now = 0.0
    for kind, pause in zip(kinds, pauses, strict=False):
        if kind == "sound" and parts:
            now += pause
        if kind == "undecodable":
            parts.append(Missing("undecodable", PIECE))
        else:
            parts.append(Sound(now, PIECE, start + now if kind == "sound" else None))
        now += PIECE
    return parts


def placed(timeline: Timeline, parts: list[Sound[float] | Missing]) -> list[tuple[float, float]]:
    """For each sound, when it was said and where it was put."""
    found, position = [], 0.0
    for each in timeline.place(parts):
        if isinstance(each, Silence):
            assert each.end > position
            position = each.end
        else:
            found.append((each, position))
            position += PIECE
    return found


@given(pieces, pauses, st.sampled_from([0.0, 0.138, 7.5]))
def test_every_stamped_sound_is_where_its_clock_says(
    kinds: list[str], pauses: list[float], start: float
) -> None:
    """To a tenth of a second, whatever is lost or paused around it; and nothing is left out."""
    kinds[0] = "sound"
    parts = recorded(kinds, pauses, start)

    found = placed(Timeline(Losses()), parts)

    stamped = {part.content for part in parts if isinstance(part, Sound) and part.stamp is not None}
    assert [part.content for part in parts if isinstance(part, Sound)] == [said for said, _ in found]
    assert [] == [(said, at) for said, at in found if said in stamped and abs(said - at) > 0.1 + 1e-9]


@given(pieces, pauses)
def test_what_is_added_is_what_is_told(kinds: list[str], pauses: list[float]) -> None:
    """Silence is never invented without a word, and the sum of what is told is the sum of what was added."""
    kinds[0] = "sound"
    losses = Losses()
    timeline = Timeline(losses)
    parts = recorded(kinds, pauses, 0.0)
    placed(timeline, parts)

    sounds = sum(part.seconds for part in parts if isinstance(part, Sound))
    told = sum(each.lost_ms or 0 for each in losses.damage) / 1000
    assert abs(timeline.position - sounds - told) <= 0.001 * (len(losses.damage) + 1)


def test_without_a_clock_a_lost_piece_is_as_long_as_it_claims() -> None:
    """Raw formats stamp nothing."""
    parts: list[Sound[float] | Missing] = [
        Sound(0.0, 1.0, None),
        Missing("undecodable", 0.5),
        Sound(1.5, 1.0, None),
    ]

    placed = [*Timeline(Losses()).place(parts)]
    assert [0.0, Silence(1.5), 1.5] == placed


def test_a_single_wrong_stamp_moves_nothing() -> None:
    """The next one is right again."""
    losses = Losses()
    parts = [Sound(n, 1.0, 900.0 if n == 2 else float(n)) for n in range(5)]

    placed = [*Timeline(losses).place(parts)]
    assert [0, 1, 2, 3, 4] == placed
    assert () == losses.damage


def test_a_clock_that_goes_back_is_followed_from_there() -> None:
    """Two recordings joined: the second's pause is kept, too."""
    losses = Losses()
    stamps = [0.0, 1.0, 2.0, 0.0, 1.0, 4.0, 5.0]
    parts = [Sound(n, 1.0, stamp) for n, stamp in enumerate(stamps)]

    placed = [*Timeline(losses).place(parts)]
    assert [0, 1, 2, 3, 4, Silence(7.0), 5, 6] == placed
    assert [(3_000, 0), (5_000, 2_000)] == [(each.at_ms, each.lost_ms) for each in losses.damage]
