"""Codes are drawn so that they are read however they are typed: O for 0, l for 1, no hyphens."""

from bot.services.guardians import codes
from bot.services.learners import relink_codes
from bot.services.staff import codes as staff_codes

MANY = 500  # every 30th code had no digit but these two before they were drawn for it


def typed(shown: str) -> list[str]:
    """The ways in which people copy a code from a screen."""
    loose = shown.lower().replace("0", "o").replace("1", "l")
    return [shown, loose, shown.replace("-", " "), loose.replace("1", "i")]


def test_a_guardians_code_is_read_in_every_shape_behind_its_word() -> None:
    for _ in range(MANY):
        code = codes.draw()
        for each in (*typed(codes.shown(code)), code.lower().replace("0", "o")):
            assert codes.read(f"ผู้ปกครอง {each}") == code


def test_a_code_for_moving_is_read_in_every_shape() -> None:
    for _ in range(MANY):
        code = relink_codes.draw()
        assert {relink_codes.read(each) for each in typed(relink_codes.shown(code))} == {code}


def test_a_code_for_moving_is_known_outside_its_flow_in_every_shape() -> None:
    for _ in range(MANY):
        shown = relink_codes.shown(relink_codes.draw())
        assert all(relink_codes.is_plain(each) for each in typed(shown)), shown


def test_the_staffs_code_is_read_in_every_shape_behind_its_word() -> None:
    for _ in range(MANY):
        code = staff_codes.draw()
        for each in (*typed(staff_codes.shown(code)), code.lower().replace("0", "o")):
            assert staff_codes.read(f"พนักงาน {each}") == code
            assert staff_codes.read(f"Staff: {each}") == code
