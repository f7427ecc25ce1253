"""Answers as tests read them: the words of a page, without the marks of their language."""

import re
from typing import Any

from flask import Flask, Response
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

_PASSAGE = re.compile(r'<span lang="(?:en|th)">([^<]*)</span>')


class ReadAnswer(TestResponse, Response):
    """An answer whose `text` has whole sentences; `markup` is what a browser gets."""

    @property
    def text(self) -> str:  # type: ignore[override]
        return _PASSAGE.sub(r"\1", self.markup)

    @property
    def markup(self) -> str:
        return self.get_data(as_text=True)


class ReadingClient(FlaskClient):
    """A client of the product that answers with `ReadAnswer`."""

    def __init__(self, app: Flask, _wrapper: object, *args: Any, **more: Any) -> None:
        super().__init__(app, ReadAnswer, *args, **more)
