import pytest

from bqmigrate.errors import TargetError
from bqmigrate.planning.targets import downgrade_stop, parse, upgrade_stop

KNOWN = ["0001", "0002", "0003"]


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("head", ["0002", "0003"]),
        ("2", ["0002"]),
        ("0002", ["0002"]),
        ("0002_step_2", ["0002"]),
        ("+1", ["0002"]),
        ("+2", ["0002", "0003"]),
        ("0001", []),
    ],
)
def test_an_upgrade_target_chooses_pending_versions(target, expected):
    assert list(upgrade_stop(parse(target), ["0002", "0003"], KNOWN, "0001")) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [("-1", ["0003"]), ("-3", ["0003", "0002", "0001"]), ("1", ["0003", "0002"]), ("base", ["0003", "0002", "0001"]),
     ("0003", [])],
)  # fmt: skip
def test_a_downgrade_target_chooses_applied_versions_newest_first(target, expected):
    assert list(downgrade_stop(parse(target), KNOWN, KNOWN, "0003")) == expected


@pytest.mark.parametrize("target", ["", "latest", "1.5", "-0", "+", "0x1", "99999999999"])
def test_what_is_no_target_is_refused_with_the_ones_there_are(target):
    with pytest.raises(TargetError) as caught:
        parse(target)
    assert caught.value.exit_code == 2
    assert "head" in caught.value.hint


@pytest.mark.parametrize(
    ("target", "message"),
    [("9", "no such target"), ("+3", "only 2 pending"), ("base", "below the current"), ("-1", "below the current")],
)
def test_an_upgrade_refuses_what_it_cannot_reach(target, message):
    with pytest.raises(TargetError, match=message):
        upgrade_stop(parse(target), ["0002", "0003"], KNOWN, "0001")


def test_an_upgrade_below_current_names_the_downgrade():
    with pytest.raises(TargetError, match="below the current version 0003") as caught:
        upgrade_stop(parse("0001"), [], KNOWN, "0003")
    assert caught.value.hint == "bqmigrate downgrade 0001"


@pytest.mark.parametrize(
    ("target", "message"),
    [("9", "no such target"), ("-3", "only 2 applied"), ("head", "above"), ("+1", "above"), ("0003", "above")],
)
def test_a_downgrade_refuses_what_it_cannot_reach(target, message):
    with pytest.raises(TargetError, match=message):
        downgrade_stop(parse(target), ["0001", "0002"], KNOWN, "0002")
