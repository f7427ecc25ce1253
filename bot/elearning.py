"""The e-learning systems that accounts can be made in: the one list, by ELEARNING_PROVIDER.

It stands on the lowest floor because the settings check their value against it. So it names what
builds an adapter instead of importing that, and only the system that was chosen is ever loaded.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class System:
    """One system.

    factory: `module:function` in bot.providers; called with the settings and the database it
    returns a bot.providers.base.Provider. is_embedded: its accounts, sign-ins and lessons stand in
    our own tables, and its learners sign in at our portal. Of any other system we know what it
    answers over the network: nothing that could be asked of everybody at once, so there is no
    filter by sign-ins or courses, and our portal sends people there.
    """

    factory: str
    is_embedded: bool = False


SYSTEMS: dict[str, System] = {
    "local": System("bot.providers.local:build", is_embedded=True),
}
