"""Counts of a day, written by a job, so that a page need not count a million rows."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Statistic(Base):
    """One count on one day in Bangkok. Whoever shows it hides what is small (statistics_shown)."""

    __tablename__ = "statistic"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    day: Mapped[str] = mapped_column(String(10), primary_key=True, index=True)  # yyyy-mm-dd
    value: Mapped[int]
    counted_at: Mapped[datetime]
