"""A test's category is its folder."""

from pathlib import Path

import pytest

HINT = "has no category: move it into one of tests/unit, tests/contract"

TREE = {
    "test_stray.py": False,
    "other/test_stray.py": False,
    "unit/test_one.py": True,
    "unit/common/test_one.py": True,
}


@pytest.mark.parametrize(("place", "fine"), TREE.items(), ids=TREE.keys())
def test_a_test_outside_a_category_is_refused(place: str, fine: bool, pytestconfig: pytest.Config) -> None:  # noqa: FBT001 - a case of the parameter
    """Collection fails with the folders to choose from."""
    plugin = next(p for p in pytestconfig.pluginmanager.get_plugins() if hasattr(p, "CATEGORIES"))

    if fine:
        assert "unit" == plugin.category(Path(place))
    else:
        with pytest.raises(pytest.UsageError, match=HINT):
            plugin.category(Path(place))


def test_this_test_is_a_unit_test(request: pytest.FixtureRequest) -> None:
    """The marker is there without anybody writing it."""
    assert request.node.get_closest_marker("unit")
    assert not request.node.get_closest_marker("contract")
