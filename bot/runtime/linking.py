"""Linking a person's rich menu after their event: outside the transaction, behind the reply."""

from sqlalchemy.orm import Session

from bot.dispatch import Context
from bot.errors import DeliveryError
from bot.line.events import Event
from bot.logs import failure
from bot.runtime.parts import Bot
from bot.services.chat import rich_menus
from bot.services.chat.rich_menus import Linking, ShownMenu
from bot.services.staff import chats


class MenuLinker:
    """Gives people the menu of their state and language.

    It is no message and free. Where nothing changes it costs a comparison; where LINE refuses,
    the next event tries again, and nobody waits for it.
    """

    def __init__(self, bot: Bot) -> None:
        self.bot = bot

    def refresh(self) -> None:
        """Read what is deployed, at most once a minute; called with no transaction open."""
        now = self.bot.clock()
        if self.bot.menus.is_stale(now):
            self.bot.menus.know(self.bot.database.read(rich_menus.ids), now)

    def missing(
        self, session: Session, event: Event, ctx: Context, linked: str | None
    ) -> Linking | None:
        """What an event leaves to be linked; linked is what the conversation began with."""
        if event.kind == "unfollow":
            return None
        return rich_menus.wanted(
            session,
            self.bot.menus,
            ctx.conversation,
            # Cached properties: only what the handler looked at is known.
            ctx.__dict__.get("learner"),
            is_staff=None if "member" not in ctx.__dict__ else ctx.member is not None,
            ask_staff=lambda: chats.member_of(session, ctx.user_id) is not None,
            user_id=ctx.user_id,
            shown=ShownMenu(linked, tapped=event.postback.get("m")),
        )

    def link(self, linking: Linking) -> None:
        """Have LINE do it, and remember that; raises nothing."""
        calls = self.bot.gateway.rich_menus
        try:
            if linking.menu_id is None:
                calls.unlink(linking.user_id)
            else:
                calls.link(linking.user_id, linking.menu_id)
            self.bot.database.write(lambda session: rich_menus.remember_link(session, linking))
        except DeliveryError as error:
            self.bot.log.warning("menu.not_linked", menu=linking.key, status=error.status)
            self.bot.menus.forget()  # it may have been replaced by another process
        except Exception as error:
            self.bot.log.error("menu.not_linked", menu=linking.key, **failure(error))
