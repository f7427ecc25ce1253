"""Which rich menus stand at LINE, so that a second deployment changes nothing."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class RichMenu(Base):
    """One deployed menu: who and which language it is for, LINE's id, and what it was made of."""

    __tablename__ = "rich_menu"

    key: Mapped[str] = mapped_column(String(32), primary_key=True)  # e.g. guest.th
    menu_id: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    deployed_at: Mapped[datetime]
