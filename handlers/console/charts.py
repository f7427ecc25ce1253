"""Lays out charts as plain shapes, for a page that draws them as SVG without script or style.

A table with the same figures stands beside each: a chart is for the eye alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 360, 190  # as wide as a phone: the words are never scaled down
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 6, 10, 24
_STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Bar:
    """One figure of a chart; None: it is hidden."""

    label: str
    value: int | None


@dataclass(frozen=True)
class ChartShape:
    """A rectangle in units of the drawing, with the words below it where there is room."""

    x: float
    y: float
    width: float
    height: float
    label: str
    is_hidden: bool

    @property
    def middle(self) -> float:
        return round(self.x + self.width / 2, 1)


@dataclass(frozen=True)
class Tick:
    """A line across, and the figure that it stands for."""

    y: float
    label: str


@dataclass(frozen=True)
class Chart:
    """Columns over a base line."""

    shapes: tuple[ChartShape, ...]
    ticks: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    base: int = HEIGHT - _BOTTOM


def columns(bars: Sequence[Bar], labels: int = 6) -> Chart:
    """One column a figure; about `labels` of them are named, the last one always."""
    most = max((bar.value or 0 for bar in bars), default=0)
    step = _step(most)
    top = max(step, -(-most // step) * step)
    base, room = HEIGHT - _BOTTOM, HEIGHT - _BOTTOM - _TOP
    pitch = (WIDTH - _LEFT - _RIGHT) / max(len(bars), 1)
    every = max(1, -(-len(bars) // labels))
    shapes = []
    for number, bar in enumerate(bars):
        high = 0.0 if bar.value is None else room * bar.value / top
        is_named = (len(bars) - 1 - number) % every == 0
        shape = ChartShape(
            x=round(_LEFT + number * pitch + pitch * 0.15, 1),
            y=round(base - high, 1),
            width=round(pitch * 0.7, 1),
            height=round(high, 1),
            label=bar.label if is_named else "",
            is_hidden=bar.value is None,
        )
        shapes.append(shape)
    ticks = tuple(
        Tick(round(base - room * value / top, 1), f"{value:,}") for value in range(0, top + 1, step)
    )
    return Chart(tuple(shapes), ticks)


def _step(most: int) -> int:
    """A round distance between lines, so that there are about four of them."""
    size = 1
    while True:
        for step in _STEPS:
            if most <= 4 * step * size:
                return step * size
        size *= 10


def share(value: int | None, most: int | None) -> int:
    """A part as a whole percentage between 0 and 100, for a lying bar."""
    if value is None or not most:
        return 0
    return max(0, min(100, round(100 * value / most)))
