"""A learner's sealed columns, one by one: none is missing where people get, correct or lose it."""

import pytest

from bot.presentation import data_labels, input_words
from bot.services.consent import records
from bot.services.learners.exports import CHOICES
from bot.services.learners.import_words import CALLED, COLUMNS, NEEDED, guess
from bot.services.learners.search import WAYS
from bot.services.people.fields import FIELDS, Item
from bot.services.privacy import data_map, data_rows, disclosures, erasure
from bot.texts import LANGUAGES, letters, translator
from handlers.console import exports, import_words, learner_words
from handlers.line.registration.flow import ITEMS, Step, flow
from models.base import Sealed
from models.consent import Purpose
from models.learner import Learner

# Nobody types it and nobody corrects it: LINE tells it, and relinking changes it.
NOT_TYPED = {"line_user_id"}


def columns() -> set[str]:
    """The sealed attributes of a learner."""
    return {sealed.name for sealed in Sealed.registry if sealed.owner is Learner}


def exported(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What a person's own copy of the data reads of the learner's row."""
    read: set[str] = set()
    with monkeypatch.context() as patched:
        patched.setattr(data_rows.subjects, "learner", lambda session, subject: object())
        patched.setattr(data_rows, "_row", lambda row, *names: read.update(names))
        data_rows.learner(None, None)  # type: ignore[arg-type]
    return read


def lost(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The columns that some place does not know, by the place."""
    found = columns()
    return {
        "the registry": found - set(FIELDS) - NOT_TYPED,
        "a person's own copy": found - exported(monkeypatch),
        "labels of the copy": found - data_labels.LABELS.keys(),
        "export by staff": found - set(CHOICES) - NOT_TYPED,
        "import": found - set(COLUMNS) - NOT_TYPED,
        "registration": found - {str(step) for step in ITEMS} - NOT_TYPED,
    }


def test_every_column_is_known_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {place: names for place, names in lost(monkeypatch).items() if names} == {}
    assert columns() == set(Item) | NOT_TYPED


def test_a_new_column_would_be_missed_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody adds a nickname to the model, and nothing else."""
    monkeypatch.setattr(Sealed, "registry", list(Sealed.registry))
    nickname = Sealed("nickname_sealed")
    nickname.__set_name__(Learner, "nickname")
    found = lost(monkeypatch)
    assert all(names == {"nickname"} for names in found.values()), found


def test_every_field_stands_in_the_records_by_one_name() -> None:
    """In the proof of a consent, and where it is given to a third party."""
    recorded = [(FIELDS[item].recorded, not FIELDS[item].is_needed) for item in Item]
    assert list(records.ITEMS[Purpose.ENROLMENT])[: len(recorded)] == recorded
    assert {name for name, _ in recorded} < disclosures.ITEMS


def test_erasure_takes_the_row_whole() -> None:
    """So that it needs to know no column: whatever is added to the table goes with it."""
    (table,) = (table for table in data_map.TABLES if table.name == Learner.__tablename__)
    assert table.fate is data_map.ErasureAction.DELETED
    assert table.name in erasure.STEPS
    assert {FIELDS[item].recorded for item in Item} < set(table.holds)


@pytest.mark.parametrize("item", Item)
def test_a_field_is_complete(item: Item) -> None:
    field = FIELDS[item]
    t = translator("en")
    assert field.problems
    assert all(input_words.is_known(code) for code in field.problems)
    assert all(code.startswith(f"{item}_") for code in field.problems)
    assert all("{" not in input_words.why(t, code) for code in field.problems)
    assert input_words.item_name(t, item) == learner_words.STATES[item] == field.label
    assert exports.COLUMNS[item] == import_words.FIELDS[item] == field.label
    assert flow.prompts.keys() >= {str(Step(item))} <= flow.handlers.keys()
    assert CALLED[item] == field.called
    assert (item in NEEDED) is field.is_needed
    assert (item in WAYS) is field.is_searched
    if field.changed_mail is not None:
        assert field.changed_mail in letters.names()
        assert field.changed_mail == f"changed_{item}"
    column = Learner.__table__.c[f"{item}_sealed"]
    assert column.nullable is not field.is_needed


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("item", Item)
def test_a_sheet_with_our_own_labels_is_understood(item: Item, language: str) -> None:
    header = tuple(translator(language)(FIELDS[column].label) for column in Item)
    assert guess(header)[item] == list(Item).index(item)


def test_the_entries_stand_in_the_order_of_the_questions() -> None:
    assert list(FIELDS) == list(Item)
    typed = [Step(item) for item in Item]
    assert [step for step in ITEMS if step in typed] == typed


def test_everything_is_searched_and_all_but_the_name_compared() -> None:
    """Two people of one name are nothing special."""
    assert [item for item in Item if FIELDS[item].is_searched] == list(Item)
    assert [item for item in Item if not FIELDS[item].is_compared] == [Item.NAME]
