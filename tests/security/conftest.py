"""The portal's browsers and pupils, for the tests that go over every door."""

from tests.portal.conftest import (  # noqa: F401 - fixtures, found by their names
    browser,
    enrol,
    new_browser,
    new_link,
    pupil,
    settled,
)
