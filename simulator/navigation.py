"""The pages of the demo beside the phone; others add theirs here."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NavigationLink:
    """One entry of the navigation, Thai first."""

    url: str
    thai: str
    english: str


class Navigation:
    """Ordered links; the phone is always the first."""

    def __init__(self) -> None:
        self.links = [NavigationLink("/simulator", "โทรศัพท์", "Phone")]

    def add(self, url: str, thai: str, english: str) -> None:
        self.links.append(NavigationLink(url, thai, english))
