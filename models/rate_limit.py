"""How fast all processes together may call LINE, and how much of the month's messages is left."""

from datetime import date, datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class LineRate(Base):
    """One endpoint's place in time: the moment up to which its calls are given away."""

    __tablename__ = "line_rate"

    endpoint: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime]


class QuotaReading(Base):
    """LINE's own figures, the last ones of each day in Thailand; limit None: no limit is set."""

    __tablename__ = "quota_reading"

    day: Mapped[date] = mapped_column(primary_key=True)
    limit: Mapped[int | None]
    used: Mapped[int]
    at: Mapped[datetime]
