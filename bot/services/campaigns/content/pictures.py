"""Pictures for announcements: made small and clean, kept once, found by what they show.

What was uploaded is drawn anew, so that nothing of its file (place, camera, hidden bytes) is left.
"""

import hashlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import Select, delete, select
from sqlalchemy.orm import Session

from bot.errors import BotError
from bot.services.campaigns.content import content as campaign_content
from bot.settings import Settings
from models.campaign import Campaign
from models.inserts import inserting
from models.picture import Picture

MAX_UPLOAD_BYTES = 10 * 1024 * 1024
MAX_BYTES = 1024 * 1024  # bytes: what LINE takes as a preview
# Pixels a side: what a card of LINE's takes ("Image", Messaging API reference).
SIDE = 1024
# Pixels that are opened at most: a small file can unfold to gigabytes.
MAX_PIXELS = 50_000_000
MAX_UNFOLDED = 12_000_000  # where a format has no smaller sizes of its own: 4 bytes each
_ONE_AT_A_TIME = threading.Lock()  # a hundred uploads at once must not need a hundred's memory
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
MIN_SIDE = 200  # pixels: less is a smudge on a phone
MAX_RATIO = 2.5  # a card shows 20:13 of it and cuts the rest
QUALITIES = (88, 80, 70, 55, 40)


def url(settings: Settings, picture: str) -> str:
    """Where LINE and mail programs find one of our pictures."""
    return f"{settings.public_url}/pictures/{picture}.jpg"


@dataclass
class PictureError(BotError):
    """An upload that cannot be shown; code: empty, large, not_picture, heic, pixels."""

    code: str

    def __str__(self) -> str:
        return self.code


class Oddity(StrEnum):
    """What is shown otherwise than its author may expect: said, never refused."""

    STILL = "still"  # it moved, and moves no more
    TINY = "tiny"
    LONG = "long"  # far wider than high, or the other way


@dataclass(frozen=True)
class Drawn:
    """A picture that is ready to be kept."""

    id: str
    data: bytes
    width: int
    height: int
    oddities: tuple[Oddity, ...] = ()


def draw(upload: bytes) -> Drawn:
    """The upload as a JPEG of ours; raises PictureError. Takes up to a second: no session here."""
    if not upload:
        raise PictureError("empty")
    if len(upload) > MAX_UPLOAD_BYTES:
        raise PictureError("large")
    with _ONE_AT_A_TIME:
        return _drawn(upload)


def _drawn(upload: bytes) -> Drawn:
    picture, moves = _opened(upload)
    oddities = tuple(_oddities(picture, moves=moves))
    picture.info = {}  # a comment and the like would be written again
    picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    for quality in QUALITIES:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= MAX_BYTES:
            break
    data = out.getvalue()
    name = hashlib.sha256(data).hexdigest()[:32]
    return Drawn(name, data, picture.width, picture.height, oddities)


def _oddities(picture: Image.Image, *, moves: bool) -> Iterator[Oddity]:
    if moves:
        yield Oddity.STILL
    short, long = sorted(picture.size)
    if short < MIN_SIDE:
        yield Oddity.TINY
    if long > MAX_RATIO * short:
        yield Oddity.LONG


def keep(session: Session, drawn: Drawn, member_id: str, now: datetime) -> None:
    """Keep a picture; the same one is kept once, and counts as put there now."""
    values = {
        "id": drawn.id,
        "data": drawn.data,
        "width": drawn.width,
        "height": drawn.height,
        "put_by": member_id,
        "put_at": now,
    }
    put = inserting(session)(Picture).values(values)
    session.execute(put.on_conflict_do_update(index_elements=[Picture.id], set_={"put_at": now}))


def find(session: Session, picture_id: str) -> bytes | None:
    """A picture's bytes."""
    return session.scalar(select(Picture.data).where(Picture.id == picture_id))


def missing(session: Session, ids: set[str]) -> set[str]:
    """Which of some pictures are not there."""
    return ids - set(session.scalars(select(Picture.id).where(Picture.id.in_(ids))))


def unused(session: Session, before: datetime) -> Select[str]:
    """Pictures that were put here so long ago and that no announcement shows.

    What was sent stays: its announcement is never deleted, and people look at it later.
    """
    old = set(session.scalars(select(Picture.id).where(Picture.put_at < before)))
    if old:
        for content in session.scalars(select(Campaign.content).execution_options(yield_per=100)):
            old -= campaign_content.pictures(content)
    return select(Picture.id).where(Picture.id.in_(sorted(old))).order_by(Picture.id)


def forget(session: Session, ids: list[str], before: datetime) -> int:
    """Delete some; one that was put here again meanwhile stays."""
    gone = delete(Picture).where(Picture.id.in_(ids), Picture.put_at < before)
    gone = gone.execution_options(synchronize_session=False)
    return len(session.execute(gone.returning(Picture.id)).all())


def _is_heic(upload: bytes) -> bool:
    """A photograph as an iPhone keeps it: its brand stands behind `ftyp` (ISO 23008-12)."""
    return upload[4:8] == b"ftyp" and upload[8:12] in HEIC


def _opened(upload: bytes) -> tuple[Image.Image, bool]:
    """Upright, in three colours, on white where it was clear; and whether it moved."""
    if _is_heic(upload):
        raise PictureError("heic")
    try:
        found = Image.open(io.BytesIO(upload), formats=FORMATS)
        if found.width * found.height > MAX_PIXELS:
            raise PictureError("pixels")
        if found.format != "JPEG" and found.width * found.height > MAX_UNFOLDED:
            raise PictureError("pixels")
        moves = bool(getattr(found, "is_animated", False))
        # A photograph's own smaller sizes: a phone's 48 megapixels never unfold.
        found.draft("RGB", (2 * SIDE, 2 * SIDE))
        upright = ImageOps.exif_transpose(found)
        if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
            clear = upright.convert("RGBA")
            ground = Image.new("RGB", clear.size, "white")
            ground.paste(clear, mask=clear.getchannel("A"))
            return ground, moves
        return upright.convert("RGB"), moves
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError("pixels") from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
        raise PictureError("not_picture") from error
