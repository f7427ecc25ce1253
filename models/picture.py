"""Pictures that staff put into announcements; anybody may fetch them, LINE and mail programs do."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Picture(Base):
    """One picture as it is shown: named by its content, which never changes."""

    __tablename__ = "picture"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)  # from the hash of `data`
    data: Mapped[bytes]  # JPEG, made anew from what was uploaded: no place, no camera, no owner
    width: Mapped[int]
    height: Mapped[int]
    put_by: Mapped[str] = mapped_column(String(32))
    put_at: Mapped[datetime]  # the last time: one that no announcement shows goes 30 days later
