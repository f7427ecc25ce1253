"""Members of staff in the chat: whose LINE account is whose, and the codes that tie them."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Sealed, primary_key


class StaffChat(Base):
    """One LINE account of one member of staff; neither has a second one.

    It is bound to the account itself and not to the chat's row: a learner who moves to another
    LINE account takes their chat along, but nobody's duties.
    """

    __tablename__ = "staff_chat"

    id: Mapped[str] = primary_key()
    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), unique=True)
    user_id_sealed: Mapped[bytes]
    user_index: Mapped[str] = mapped_column(String(64), unique=True)
    linked_at: Mapped[datetime]

    user_id = Sealed("user_id_sealed", blind="user_index")


class StaffChatCode(Base):
    """The code that a member reads in the console and sends in the chat; gone once it was used.

    Only a keyed digest of it is kept, and of older ones nothing.
    """

    __tablename__ = "staff_chat_code"

    staff_id: Mapped[str] = mapped_column(ForeignKey("staff.id"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
