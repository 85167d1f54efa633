"""What an operator may choose, as the code has it and as it is written down."""

from collections.abc import Mapping

import pytest
from common.settings import ServiceSettings, SettingsError, variables
from contract.harness import CONTRACTS
from onebox.contracts import ROOT, SETTINGS, generated
from onebox.dev import read_env
from onebox.settings_page import collect

ENV_EXAMPLE = ROOT / ".env.example"

every_service = pytest.mark.parametrize("service", SETTINGS)


@pytest.fixture(scope="module")
def example() -> Mapping[str, str]:
    """The variables that .env.example sets."""
    return read_env(ENV_EXAMPLE.read_text("utf-8"))


def test_env_example_is_what_the_code_says() -> None:
    """``make contracts`` was run."""
    assert generated()[ENV_EXAMPLE] == ENV_EXAMPLE.read_text("utf-8")


@every_service
def test_the_example_starts_every_service(
    service: str, example: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Copied as it is, .env.example lacks nothing a service needs."""
    for name, value in example.items():
        monkeypatch.setenv(name, value)

    assert isinstance(SETTINGS[service].read(), SETTINGS[service])


@every_service
def test_everything_that_is_missing_is_named_at_once(service: str) -> None:
    """One start with nothing set lists every variable the service needs."""
    with pytest.raises(SettingsError) as error:
        SETTINGS[service].read()

    needed = {
        variables(name, info)[0]
        for name, info in SETTINGS[service].model_fields.items()
        if info.is_required()
    }
    assert needed == {line.split(":")[0].strip() for line in str(error.value).splitlines()[1:]}


@every_service
def test_every_setting_is_described(service: str) -> None:
    """No variable without a word of what it does, and every needed one with an example."""
    fields = SETTINGS[service].model_fields

    assert [] == [name for name, info in fields.items() if not info.description]
    assert [] == [name for name, info in fields.items() if info.is_required() and not info.examples]


def test_one_variable_means_the_same_to_all() -> None:
    """A name that several services read has one description and one default."""
    told: dict[str, set[tuple[object, ...]]] = {}
    for settings in SETTINGS.values():
        for name, info in settings.model_fields.items():
            told.setdefault(name, set()).add((info.description, info.is_required(), repr(info.default)))

    assert {} == {name: meanings for name, meanings in told.items() if len(meanings) > 1}


def test_no_example_holds_a_secret(example: Mapping[str, str]) -> None:
    """Whoever copies the example has to bring keys of their own."""
    assert {} == {
        name: value for name, value in example.items() if value and name.endswith(("_KEY", "_SECRET"))
    }


def test_every_reader_is_listed() -> None:
    """The collected list knows every field of every service."""
    found = {(reader, variable.name) for variable in collect(SETTINGS) for reader in variable.readers}

    expected = {
        (service, variables(name, info)[0])
        for service, settings in SETTINGS.items()
        for name, info in settings.model_fields.items()
    }
    assert expected == found


def test_settings_are_frozen() -> None:
    """Nobody changes an operator's choice after the start."""
    everybody: list[type[ServiceSettings]] = [ServiceSettings, *SETTINGS.values()]

    assert all(settings.model_config["frozen"] for settings in everybody)


def test_contracts_lie_where_the_tests_look() -> None:
    """Generator and tests mean the same folder."""
    assert CONTRACTS in {path.parent for path in generated()}
