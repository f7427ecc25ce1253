"""The welcome that a registration sends: what several scenarios share."""

import re

from bot.runtime import mailing

LINK = re.compile(r"https://bot\.example\.test(/s/email/[^\s>?]+\?lang=(?:th|en))")


def letters_to(bot, mailbox, address):
    """All that has come to an address, once what waits was sent."""
    mailing.drain(bot)
    return mailbox.of(address)


def link_in(letter):
    """The path of the link that confirms the address."""
    found = LINK.search(letter.text)
    assert found, letter.text
    return found[1]
