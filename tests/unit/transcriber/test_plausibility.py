"""What nobody can have said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from transcriber.plausibility import echoes, refusal, silent

SAID = {
    "en": "Good morning, how can I help you today? I'm calling about the invoice we've got in March.",
    "de": "Rechtsschutzversicherungsgesellschaften haben uns leider noch nicht zurückgerufen, wissen Sie.",
    "hu": "Jó napot kívánok, a legutóbbi megrendeléssel kapcsolatban szeretnék érdeklődni, ha lehet.",
    "fr": "Bonjour, c'est l'agence d'Aix, j'appelle parce qu'il n'y a qu'un seul devis aujourd'hui.",
    "ru": "Здравствуйте, подскажите, пожалуйста, сколько стоит годовая подписка на двадцать человек?",
    "ar": "صَبَاحُ الخَيْر، أُرِيدُ أَنْ أَسْأَلَ عَنِ الفَاتُورَةِ الأَخِيرَة مِنْ فَضْلِكَ",
    "hi": "नमस्ते, मैं पिछले महीने के बिल के बारे में पूछना चाहता था, क्या आप मदद कर सकते हैं?",
    "ja": "お電話ありがとうございます。先月の請求書について確認したいのですが、よろしいでしょうか。",
    "zh": "您好，我想咨询一下上个月的账单，为什么比之前多了这么多钱呢？",
    "th": "สวัสดีครับ ผมอยากสอบถามเรื่องใบแจ้งหนี้ของเดือนที่แล้วว่าทำไมถึงแพงขึ้นมากขนาดนี้ครับ",
    "ko": "안녕하세요, 지난달 청구서에 대해서 여쭤보고 싶은데요, 왜 이렇게 많이 나왔나요?",
    "my": "မင်္ဂလာပါ၊ ပြီးခဲ့တဲ့လက ငွေတောင်းခံလွှာအကြောင်း မေးချင်ပါတယ်။",
}
SECONDS = {"en": 4.2, "de": 5.0, "hu": 5.0, "fr": 4.5, "ru": 5.0, "ar": 4.5, "hi": 4.5, "ja": 5.0, "zh": 4.2}
SENTENCES = st.lists(st.sampled_from(sorted(SAID)), min_size=1, max_size=6, unique=True)


@given(languages=SENTENCES, pace=st.floats(1.0, 3.0))
def test_what_people_say_is_never_refused(languages: list[str], pace: float) -> None:
    """In any script, at the pace of a quick speaker and slower."""
    text = " ".join(SAID[language] for language in languages)
    seconds = sum(SECONDS.get(language, 4.5) for language in languages) * pace

    assert refusal(text, seconds) is None


@settings(max_examples=60)
@given(language=st.sampled_from(sorted(SAID)), start=st.integers(0, 20), length=st.integers(6, 60))
def test_whatever_is_said_again_and_again_is_a_loop(language: str, start: int, length: int) -> None:
    """Any piece of any language, ten times in a row."""
    phrase = SAID[language][start : start + length].strip()

    assert "loop" == refusal(f"{SAID['en']} " + f"{phrase} " * 10, 300.0)


@pytest.mark.parametrize(
    "text",
    [
        "no " * 9,
        "Thanks for watching! " * 9,
        "So. " + "I see, you know. " * 9 + "Bye",
        "We are glad that you called us today. " * 5,
        "ありがとう" * 9,
        "谢谢" * 9,
        "ขอบคุณ" * 9,
        "شُكْراً " * 9,
        "Aaa" * 30,
    ],
)
def test_a_loop_is_refused(text: str) -> None:
    """A few words more than eight times in a row, many more than four times, in any script."""
    assert "loop" == refusal(text, 60.0)


@pytest.mark.parametrize(
    "text",
    [
        "no " * 8,
        "I see, you know. " * 8,
        "Please hold the line, we are with you in a moment. " * 4,
        "no yes " * 4 + "well " + "no yes " * 4,
        "はい、" * 8,
        "hahahahahahahaha, well, 1,000,000,000 of them",
        "one two three four five six seven eight nine ten " * 2,
    ],
)
def test_plain_repetition_is_not(text: str) -> None:
    """Eight times is insistence, four times an announcement; a laugh is a laugh."""
    assert refusal(text, 60.0) is None


@pytest.mark.parametrize("text", ["", " ", "…", "...", "—", "?!", "。", "\u266a"])
def test_an_answer_without_words_is_none(text: str) -> None:
    """Some models say so instead of saying nothing."""
    assert "no_words" == refusal(text, 1.0)


@pytest.mark.parametrize(("seconds", "why"), [(0.4, "too_fast"), (0.5, None)])
def test_six_words_take_half_a_second(seconds: float, why: str | None) -> None:
    """Nobody says more than twelve words a second."""
    assert why == refusal("thank you very much for watching", seconds)


@pytest.mark.parametrize(("text", "seconds"), [("ご視聴ありがとうございました", 1.0), (SAID["th"], 1.0)])
def test_scripts_without_spaces_are_too_fast_by_letters(text: str, seconds: float) -> None:
    """Twelve a second, or thirty-six of those of which three make a syllable."""
    assert "too_fast" == refusal(text, seconds)


@pytest.mark.parametrize(
    ("said", "echoing"),
    [
        (["Thanks for watching!"] * 9, [True] * 9),
        (["Hello?"] + ["We are glad that you called."] * 5 + ["Bye."], [False] + [True] * 5 + [False]),
        (["ご視聴ありがとうございました"] * 5, [True] * 5),
        (["Thanks for watching!"] * 8, [False] * 8),
        (["We are glad that you called."] * 4, [False] * 4),
        (["Yes.", "yes", "Yes!"] * 10, [False] * 30),
        (["Thank you."] * 30, [False] * 30),
        (["Hold the line please.", "Yes, I am holding it."] * 10, [False] * 20),
        ([""] * 20, [False] * 20),
        ([], []),
    ],
)
def test_a_sentence_that_comes_cut_after_cut_is_an_echo(said: list[str], echoing: list[bool]) -> None:
    """Never a yes or a thank you: people say them all the time."""
    assert tuple(echoing) == echoes(said)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(16_000),
        np.full(16_000, 32),
        np.where(np.arange(16_000) % 8_000 < 160, 20_000, 0),
        np.zeros(0),
    ],
    ids=["digital", "below -60 dBFS", "clicks", "empty"],
)
def test_silence_is_what_nobody_hears(sound: NDArray[np.float64]) -> None:
    """A click is no voice."""
    assert silent(sound.astype("<i2").tobytes())


@pytest.mark.parametrize(
    "sound",
    [np.where(np.arange(16_000) < 1_600, 40, 0), np.full(800, 2_000)],
    ids=["a tenth of a second", "short and loud"],
)
def test_whatever_can_be_heard_is_no_silence(sound: NDArray[np.float64]) -> None:
    """A tenth of a second above -60 dBFS, or all of a cut that is shorter."""
    assert not silent(sound.astype("<i2").tobytes())
