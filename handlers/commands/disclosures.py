"""The command disclose: a learner's data for a third party, once, on one proved ground."""

import json
import os
import sys
from pathlib import Path

import click
from sqlalchemy.orm import Session

from bot.services.privacy import disclosures
from bot.services.privacy.disclosures import GroundProof, Order
from bot.services.shared.processors import DisclosureError
from handlers.commands.parts import parts
from models.privacy import Ground


@click.command("disclose")
@click.argument("learner_id")
@click.option("--item", "items", multiple=True, required=True, help="E.g. “full name”; repeat it.")
@click.option("--to", "recipient", default="", help="Who gets it, where a consent is the ground.")
@click.option("--consent", "consent_id", help="The receipt of the person's own consent.")
@click.option("--processor", "processor_id", help="A processor of the register: see ropa.")
@click.option("--order", nargs=2, metavar="AGENCY NUMBER", help="A court's or agency's order.")
@click.option("--approved-by", multiple=True, help="Who looked at it; two people for an order.")
@click.option("--file", "target", type=click.Path(dir_okay=False), required=True)
def disclose(
    learner_id: str,
    items: tuple[str, ...],
    recipient: str,
    consent_id: str | None,
    processor_id: str | None,
    order: tuple[str, str] | None,
    approved_by: tuple[str, ...],
    target: str,
) -> None:
    """Give items of one learner to a third party: recorded, then written into a new file."""
    bot, _ = parts()
    ground = Ground.LAW if order else Ground.SERVICE if processor_id else Ground.CONSENT

    def work(session: Session) -> dict[str, object]:
        row = disclosures.disclose(
            session,
            learner_id,
            GroundProof(ground, consent_id, processor_id, Order(*order) if order else None),
            recipient=recipient,
            items=items,
            approved_by=approved_by,
            school=bot.settings.school,
            now=bot.clock(),
        )
        return {
            "disclosure": row.id,
            "recipient": row.recipient,
            "ground": row.ground,
            "reference": row.reference,
            "at": row.at.isoformat(timespec="seconds"),
            "items": disclosures.content(session, row),
        }

    path = Path(target)
    try:
        # First of all: what has been recorded must have somewhere to go, and replaces nothing.
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        click.echo(f"{target}: {error.strerror}. Nothing was given.", err=True)
        sys.exit(1)
    try:
        with os.fdopen(file, "w", encoding="utf-8") as out:
            given = bot.database.write(work)
            json.dump(given, out, ensure_ascii=False, indent=2)
    except DisclosureError as error:
        path.unlink()
        click.echo(f"Nothing was given: {error}.", err=True)
        sys.exit(1)
    click.echo(f"Disclosure {given['disclosure']} is recorded; {target} holds its items.")


COMMANDS = (disclose,)
