"""Personal data as its owner recognises it and a glance over the shoulder does not."""

STARS = "•••"


def masked_name(name: str) -> str:
    """The first word, and the first letter of the last."""
    first, _, last = name.partition(" ")
    return f"{first} {last[:1]}{STARS}" if last else f"{first[:2]}{STARS}"


def masked_phone(shown: str) -> str:
    """The last four digits."""
    return f"{STARS}{shown[-4:]}"


def masked_email(address: str) -> str:
    """The first letter and the domain."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}{STARS}@{domain}"


def masked_line_id(line_id: str) -> str:
    """The first two characters."""
    return f"{line_id[:2]}{STARS}"
