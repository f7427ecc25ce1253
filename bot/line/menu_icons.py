"""The icons of the rich menus: a few strokes each, on a field of 100 by 100."""

from collections.abc import Callable
from functools import cache

from PIL import Image, ImageDraw

SCALE = 8  # drawn large and made small afterwards: the edges become smooth
STROKE = 7.0
Point = tuple[float, float]


class Pen:
    """Draws with round ends on a mask."""

    def __init__(self) -> None:
        self.image = Image.new("L", (100 * SCALE, 100 * SCALE))
        self._draw = ImageDraw.Draw(self.image)

    def line(self, *points: Point, closed: bool = False, width: float = STROKE) -> None:
        path = [*points, points[0]] if closed else list(points)
        scaled = [(x * SCALE, y * SCALE) for x, y in path]
        self._draw.line(scaled, fill=255, width=round(width * SCALE), joint="curve")
        for x, y in path:
            self.dot(x, y, width / 2)

    def dot(self, x: float, y: float, radius: float, fill: int = 255) -> None:
        self._draw.ellipse(_box(x - radius, y - radius, x + radius, y + radius), fill=fill)

    def ring(self, x: float, y: float, across: float, down: float | None = None) -> None:
        """A circle, or an ellipse; the stroke lies inside."""
        down = across if down is None else down
        self._draw.ellipse(
            _box(x - across, y - down, x + across, y + down),
            outline=255,
            width=round(STROKE * SCALE),
        )

    def arc(self, x: float, y: float, radius: float, start: float, end: float) -> None:
        """Degrees run clockwise from three o'clock; the radius is that of the stroke's middle."""
        outer = radius + STROKE / 2
        box = _box(x - outer, y - outer, x + outer, y + outer)
        self._draw.arc(box, start, end, fill=255, width=round(STROKE * SCALE))

    def frame(self, left: float, top: float, right: float, bottom: float, radius: float) -> None:
        self._draw.rounded_rectangle(
            _box(left, top, right, bottom), radius * SCALE, outline=255, width=round(STROKE * SCALE)
        )

    def area(self, *points: Point, fill: int = 255) -> None:
        self._draw.polygon([(x * SCALE, y * SCALE) for x, y in points], fill=fill)


def _box(left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
    return (left * SCALE, top * SCALE, right * SCALE, bottom * SCALE)


def _person(pen: Pen, x: float) -> None:
    pen.ring(x, 31, 19)
    pen.arc(x, 86, 28, 180, 360)
    pen.dot(x - 28, 86, STROKE / 2)
    pen.dot(x + 28, 86, STROKE / 2)


def account(pen: Pen) -> None:
    _person(pen, 50)


def register(pen: Pen) -> None:
    _person(pen, 38)
    pen.line((83, 26), (83, 54))
    pen.line((69, 40), (97, 40))


def book(pen: Pen) -> None:
    pen.line((50, 28), (14, 19), (14, 76), (50, 86), (86, 76), (86, 19), closed=True)
    pen.line((50, 28), (50, 86))


def document(pen: Pen) -> None:
    pen.line((60, 10), (22, 10), (22, 90), (78, 90), (78, 28), closed=True)
    pen.line((58, 12), (58, 30), (76, 30), width=5)
    for height in (48, 61, 74):
        pen.line((37, height), (63, height), width=6)


def _shield(pen: Pen) -> None:
    pen.line(
        (50, 10), (84, 22), (84, 48), (77, 68), (64, 82), (50, 91),
        (36, 82), (23, 68), (16, 48), (16, 22), closed=True,
    )  # fmt: skip


def shield(pen: Pen) -> None:
    _shield(pen)
    pen.line((35, 50), (46, 61), (66, 39))


def talk(pen: Pen) -> None:
    pen.frame(10, 14, 90, 72, 18)
    pen.area((26, 66), (26, 92), (52, 66))
    pen.area((33, 65), (33, 76), (46, 65), fill=0)
    for x in (32, 50, 68):
        pen.dot(x, 43, 5.5)


def phone(pen: Pen) -> None:
    pen.frame(26, 8, 74, 92, 12)
    pen.line((44, 22), (56, 22), width=5)
    pen.dot(50, 78, 5.5)


def globe(pen: Pen) -> None:
    pen.ring(50, 50, 42)
    pen.ring(50, 50, 20, 42)
    pen.line((12, 50), (88, 50), width=STROKE)


def lessons(pen: Pen) -> None:
    pen.frame(8, 16, 92, 74, 10)
    pen.area((42, 31), (42, 59), (65, 45))
    pen.line((32, 88), (68, 88))


def key(pen: Pen) -> None:
    pen.ring(31, 50, 22)
    pen.line((50, 50), (92, 50))
    pen.line((88, 50), (88, 67))
    pen.line((72, 50), (72, 63))


def bell(pen: Pen) -> None:
    pen.arc(50, 42, 25, 180, 360)
    pen.line((25, 42), (25, 60), (14, 75), (86, 75), (75, 60), (75, 42))
    pen.line((50, 10), (50, 16))
    pen.area((38, 83), (62, 83), (58, 91), (50, 94), (42, 91))


def scales(pen: Pen) -> None:
    pen.line((50, 12), (50, 86))
    pen.line((30, 88), (70, 88))
    pen.line((20, 26), (80, 26))
    for x in (20, 80):
        pen.line((x, 26), (x - 14, 58), width=5)
        pen.line((x, 26), (x + 14, 58), width=5)
        pen.area((x - 18, 58), (x + 18, 58), (x + 12, 68), (x, 72), (x - 12, 68))


ICONS: dict[str, Callable[[Pen], None]] = {
    "account": account,
    "bell": bell,
    "book": book,
    "document": document,
    "globe": globe,
    "key": key,
    "lessons": lessons,
    "phone": phone,
    "register": register,
    "scales": scales,
    "shield": shield,
    "talk": talk,
}


@cache
def mask(name: str, size: int) -> Image.Image:
    """An icon's shape, so many pixels wide and high."""
    pen = Pen()
    ICONS[name](pen)
    return pen.image.resize((size, size), Image.Resampling.LANCZOS)
