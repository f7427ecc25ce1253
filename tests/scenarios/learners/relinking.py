"""How an account moves to another LINE account: what several scenarios share."""

import re

from tests.scenarios.auth.resetting import OWN_PASSWORD

DIGITS_ALONE = re.compile(r"(?m)^(\d{6})\s*$")
CODE = re.compile(r'id="relink-code">([^<]+)<')


def does_not_fit(t):
    """What a code that does not fit, or not any more, is answered."""
    span = t("{n} minutes", n=10)
    return t("That code does not fit, or it is older than {span}.", span=span)


def code_of(browser):
    """The code that the portal shows for the password."""
    page = "/portal/relink"
    answer = browser.submit(page, page, current=OWN_PASSWORD)
    assert answer.status_code == 200, answer.text
    return CODE.search(answer.text)[1]


def digits_in(text):
    """The six digits of a mail; None where it is another one."""
    found = DIGITS_ALONE.search(text)
    return found and found[1]
