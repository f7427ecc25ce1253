"""Codes are drawn so that they are read however they are typed: O for 0, l for 1, no hyphens."""

from bot.services.shared import codes

MANY = 500  # every 30th code had no digit but these two before they were drawn for it


def typed(shown: str) -> list[str]:
    """The ways in which people copy a code from a screen."""
    loose = shown.lower().replace("0", "o").replace("1", "l")
    return [shown, loose, shown.replace("-", " "), loose.replace("1", "i")]


def test_a_guardians_code_is_read_in_every_shape_behind_its_word() -> None:
    for _ in range(MANY):
        code = codes.GUARDIAN.draw()
        for each in (*typed(codes.GUARDIAN.shown(code)), code.lower().replace("0", "o")):
            assert codes.read_guardian(f"ผู้ปกครอง {each}") == code


def test_a_code_for_moving_is_read_in_every_shape() -> None:
    for _ in range(MANY):
        code = codes.MOVE.draw()
        assert {codes.read_move(each) for each in typed(codes.MOVE.shown(code))} == {code}


def test_a_code_for_moving_is_known_outside_its_flow_in_every_shape() -> None:
    for _ in range(MANY):
        shown = codes.MOVE.shown(codes.MOVE.draw())
        assert all(codes.is_plain_move(each) for each in typed(shown)), shown


def test_the_staffs_code_is_read_in_every_shape_behind_its_word() -> None:
    for _ in range(MANY):
        code = codes.STAFF.draw()
        for each in (*typed(codes.STAFF.shown(code)), code.lower().replace("0", "o")):
            assert codes.read_staff(f"พนักงาน {each}") == code
            assert codes.read_staff(f"Staff: {each}") == code
