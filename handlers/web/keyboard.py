"""A keyboard that was left on Thai makes gibberish of every password: `ฟิแๅ/-` for `abc1-x`."""

import re

from flask import request

_THAI, _LATIN = re.compile("[\u0e00-\u0e7f]"), re.compile("[A-Za-z]")
_FIELDS = ("username", "password", "current", "code")


def is_on_thai() -> bool:
    """Whether something to sign in or to prove oneself is Thai without a Latin letter.

    It goes by what was typed and by nothing else, so that it tells nobody how near it was.
    """
    typed = [request.form.get(name, "") for name in _FIELDS]
    return any(_THAI.search(each) and not _LATIN.search(each) for each in typed)
