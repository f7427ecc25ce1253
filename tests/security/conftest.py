"""Browsers, pupils and members of staff, for the tests that go over every door."""

from tests.console.conftest import console, new_desk  # noqa: F401
from tests.portal.conftest import browser, enrol, new_browser, new_link, pupil, settled  # noqa: F401 - fixtures, found by their names
