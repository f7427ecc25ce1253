"""Tags that staff put on learners, to find them again and to narrow an announcement."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class LearnerTag(Base):
    """One short word on one learner."""

    __tablename__ = "learner_tag"

    learner_id: Mapped[str] = mapped_column(ForeignKey("learner.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)
    put_at: Mapped[datetime]
