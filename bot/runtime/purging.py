"""The nightly purge: every rule of retention, a batch a transaction, counts only."""

from functools import partial

from sqlalchemy.orm import Session

from bot.logs import failure
from bot.runtime.parts import Bot
from bot.services.accounts import provider_erasures
from bot.services.backups import backups
from bot.services.privacy import answers, erasure_list, retention
from bot.services.privacy.retention import RULES, RetentionRule


def purge(bot: Bot) -> dict[str, int]:
    """Forget what has served its time; returns how many rows each rule met.

    Killed at any moment, it goes on where it was: what has gone is not found again.
    """
    for period in retention.undecided(bot.settings.school):
        bot.log.warning("purge.undecided", period=period.key)
    counts = {rule.name: _guarded(bot, rule) for rule in _rules(bot)}
    directory = bot.settings.backup_dir
    if directory is not None:
        counts["backup"] = backups.rotate(directory, bot.settings.backup_days, bot.clock())
    return counts


def dry_run(bot: Bot) -> dict[str, int]:
    """How many rows each rule would meet now; nothing is changed."""
    now, school = bot.clock(), bot.settings.school
    return {
        rule.name: bot.database.read(partial(retention.count, rule=rule, school=school, now=now))
        for rule in _rules(bot)
    }


def _rules(bot: Bot) -> list[RetentionRule]:
    """All rules; but nobody is erased as unused where nobody tells us who uses E-Learning."""
    if bot.settings.system.is_embedded:
        return list(RULES)
    bot.log.warning("purge.unknown_use", rule=retention.UNUSED, system=bot.provider.name)
    return [rule for rule in RULES if rule.name != retention.UNUSED]


def _guarded(bot: Bot, rule: RetentionRule) -> int:
    """One rule's trouble must not keep the data of all the others."""
    try:
        return _purge(bot, rule)
    except Exception as error:
        bot.log.error("purge.failed", rule=rule.name, **failure(error))
        return 0


def _purge(bot: Bot, rule: RetentionRule) -> int:
    now, school = bot.clock(), bot.settings.school

    def batch(session: Session) -> tuple[int, bool]:
        return retention.purge_batch(session, rule, school, now)

    total, has_more = 0, True
    while has_more:
        rows, has_more = bot.database.write(batch)
        total += rows
    return total


def erase_due(bot: Bot) -> int:
    """Erase whose day has nearly come; returns how many were looked at."""
    due = bot.database.read(lambda session: answers.erasures_due(session, bot.clock()))
    for number in due:
        erase = partial(answers.erase_when_due, request_id=number, now=bot.clock())
        try:
            bot.database.write(erase)
        except Exception as error:  # one person's trouble must not hold up the others
            bot.log.error("erasure.failed", request=number, **failure(error))
    return len(due)


def tell_erasures(bot: Bot) -> int:
    """Have e-learning systems erase the accounts of people who were erased here."""
    due = bot.database.read(lambda session: provider_erasures.due(session, bot.clock()))
    for account_id in due:
        if not provider_erasures.tell(bot.database, bot.provider, account_id, bot.clock):
            bot.log.warning("erasure.postponed", account=account_id)
    return len(due)


def follow_erasure(bot: Bot) -> None:
    """What comes after an erasure is durable and before anybody is told that it was done.

    The list outside knows of it: a database that is lost in this minute brings nobody back. What
    fails here is done by the next tick.
    """
    try:
        list_erasures(bot)
        bot.database.forget_log()
    except Exception as error:
        bot.log.error("erasure.not_followed", setting="BACKUP_DIR", **failure(error))


def list_erasures(bot: Bot) -> int:
    """Bring the list of erasures that lies beside the backups up to date."""
    directory = bot.settings.backup_dir
    if directory is None:
        return 0
    return erasure_list.update(bot.database, bot.keyring, directory)
