"""Pictures of announcements: drawn anew, small, without a trace of whose phone took them."""

import io
import struct
import zlib
from typing import Any

import pytest
from PIL import Image

from bot.services.campaigns.content import pictures
from bot.services.campaigns.content.pictures import MAX_BYTES, SIDE, Oddity, PictureError
from models.database import Database
from models.picture import Picture
from tests.clock import FakeClock


def saved(picture: Image.Image, kind: str = "JPEG", **more: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def shown(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def code_of(upload: bytes) -> str:
    with pytest.raises(PictureError) as refused:
        pictures.draw(upload)
    return refused.value.code


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_what_phones_and_programs_save_becomes_a_jpeg(kind: str) -> None:
    drawn = pictures.draw(saved(Image.new("RGB", (2400, 1200), "teal"), kind))
    assert (drawn.width, drawn.height) == (SIDE, SIDE // 2)
    assert shown(drawn.data).format == "JPEG"


def moving() -> bytes:
    frames = [Image.new("RGB", (300, 300), colour) for colour in ("red", "blue")]
    return saved(frames[0], "GIF", save_all=True, append_images=frames[1:])


@pytest.mark.parametrize(
    ("upload", "oddities"),
    [
        (saved(Image.new("RGB", (1200, 800))), ()),
        (moving(), (Oddity.STILL,)),
        (saved(Image.new("RGB", (300, 300)), "GIF"), ()),
        (saved(Image.new("RGB", (199, 400))), (Oddity.TINY,)),
        (saved(Image.new("RGB", (2000, 300))), (Oddity.LONG,)),
        (saved(Image.new("RGB", (300, 2000))), (Oddity.LONG,)),
        (saved(Image.new("RGB", (40, 16)), "PNG"), (Oddity.TINY,)),
        (saved(Image.new("RGB", (750, 300))), ()),
    ],
)
def test_what_will_look_otherwise_is_said(upload: bytes, oddities: tuple[Oddity, ...]) -> None:
    assert pictures.draw(upload).oddities == oddities


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1"])
def test_an_iphones_own_format_has_its_own_word(brand: bytes) -> None:
    assert code_of(b"\0\0\0\x24ftyp" + brand + b"\0" * 64) == "heic"
    assert code_of(b"\0\0\0\x24ftypavif" + b"\0" * 64) == "not_picture"


def test_a_small_one_is_not_blown_up() -> None:
    drawn = pictures.draw(saved(Image.new("RGB", (40, 30)), "PNG"))
    assert (drawn.width, drawn.height) == (40, 30)


def test_nothing_of_the_camera_is_left() -> None:
    exif = Image.Exif()
    exif[0x010F] = "canary-camera"
    exif[0x0112] = 6  # turned by a quarter
    exif.get_ifd(0x8825)[2] = (13.0, 45.0, 22.0)
    upload = saved(Image.new("RGB", (600, 300), "red"), exif=exif, comment=b"canary-comment")
    drawn = pictures.draw(upload)
    assert b"canary" not in drawn.data
    assert b"Exif" not in drawn.data
    assert len(shown(drawn.data).getexif()) == 0
    assert (drawn.width, drawn.height) == (300, 600), "upright, as the phone shows it"


def test_what_is_appended_is_gone() -> None:
    upload = saved(Image.new("RGB", (60, 60))) + b"<script>alert(1)</script>PK\x03\x04"
    assert b"script" not in pictures.draw(upload).data


def test_what_is_clear_becomes_white() -> None:
    drawn = pictures.draw(saved(Image.new("RGBA", (50, 50), (0, 0, 0, 0)), "PNG"))
    assert min(shown(drawn.data).convert("L").getextrema()) > 250
    palette = Image.new("P", (50, 50))
    palette.putpalette([0, 0, 0] * 256)
    drawn = pictures.draw(saved(palette, "PNG", transparency=0))
    assert min(shown(drawn.data).convert("L").getextrema()) > 250


def test_noise_fits_as_well() -> None:
    noise = Image.effect_noise((3000, 3000), 120).convert("RGB")
    drawn = pictures.draw(saved(noise, quality=60))
    assert len(drawn.data) <= MAX_BYTES


def bomb(side: int) -> bytes:
    """A PNG of a few bytes that says it is enormous."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


@pytest.mark.parametrize("side", [8_000, 10_000, 60_000])
def test_a_bomb_is_not_unfolded(side: int) -> None:
    assert code_of(bomb(side)) == "pixels"


@pytest.mark.parametrize(
    ("upload", "code"),
    [
        (b"", "empty"),
        (b"x" * (pictures.MAX_UPLOAD_BYTES + 1), "large"),
        (b"%PDF-1.7 nothing to see", "not_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_picture"),
        (b"GIF89a", "not_picture"),
        (bomb(100), "not_picture"),
    ],
)
def test_what_is_no_picture_is_refused(upload: bytes, code: str) -> None:
    assert code_of(upload) == code


def test_half_a_picture_is_refused() -> None:
    whole = saved(Image.effect_noise((500, 500), 90).convert("RGB"))
    assert code_of(whole[: len(whole) // 2]) == "not_picture"
    assert code_of(saved(Image.new("L", (9, 9)), "BMP")) == "not_picture"


def test_the_same_picture_is_kept_once(database: Database, clock: FakeClock) -> None:
    upload = saved(Image.new("RGB", (90, 90), "navy"))
    one, other = pictures.draw(upload), pictures.draw(upload)
    assert one == other
    for each, member in ((one, "a" * 32), (other, "b" * 32)):
        database.write(lambda s, e=each, m=member: pictures.keep(s, e, m, clock()))
    kept = database.read(lambda session: session.get_one(Picture, one.id))
    assert (kept.data, kept.put_by) == (one.data, "a" * 32)
    gone = "0" * 32
    assert database.read(lambda s: pictures.missing(s, {one.id, gone})) == {gone}
    assert database.read(lambda s: pictures.find(s, gone)) is None
