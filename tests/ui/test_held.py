"""Very many files changed at once: the window says so in one sentence, and asks what to do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.events import SpacesChanged
from app.guard_values import Harm, HeldBatch, HeldChange, HeldCount, PutBack
from app.values import Reach
from tests.ui.stage import Stage
from tests.ui.walk import focusable, said_of

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")
COUNT = HeldCount("did:laptop", is_this=False, deleted=120, replaced=0, renamed=1, device="Laptop")
CHANGES = tuple(HeldChange(("notes", f"{n:03}.md"), Harm.DELETED) for n in range(120))


class Answers:
    """What the app is asked about what is held, and answers."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.asked: list[str] = []

    async def held(self, space: str | None = None) -> tuple[HeldBatch, ...]:
        """Name it."""
        renamed = HeldChange(("pie.md",), Harm.RENAMED)
        batch = HeldBatch(
            str(space),
            "did:laptop",
            "Laptop",
            is_this=False,
            since=0.0,
            changes=(renamed, *CHANGES),
        )
        return (batch,)

    async def let_through(self, space: str) -> int:
        """Let it through."""
        self.asked.append(f"through {space}")
        hold(self._stage, ())
        return 121

    async def undo_held(self, space: str) -> PutBack:
        """Undo it."""
        self.asked.append(f"undo {space}")
        hold(self._stage, ())
        return PutBack(121, 0)


def hold(stage: Stage, held: tuple[HeldCount, ...]) -> None:
    """Let something be held of the recipes."""
    app = stage.app
    space = app.space_of("recipes")
    delivery = replace(space.delivery, held=held)
    holds = replace(space, delivery=delivery)
    app.places = [holds if one.id == space.id else one for one in app.places]
    app.events.tell(SpacesChanged())


@pytest.fixture
def answers(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Answers:
    """Return a window at a folder of which something is held, and its app."""
    found = Answers(stage)
    for name in ("held", "let_through", "undo_held"):
        monkeypatch.setattr(stage.app, name, getattr(found, name), raising=False)
    stage.desk.go("space:recipes")
    stage.settle()
    assert not stage.desk.listing.held.isVisible()
    hold(stage, (COUNT,))
    stage.settle()
    return found


def test_one_sentence_says_what_is_held_and_of_whom(stage: Stage, answers: Answers) -> None:
    """It stays until a person decided, and only at the folder that it is about."""
    strip = stage.desk.listing.held
    assert strip.isVisible()
    assert strip.text.startswith("Held: 120 deletions and 1 renamed file from Laptop")
    assert not [one for one in focusable(strip) if not said_of(one)]
    stage.desk.go("space:journal")
    stage.settle()
    assert not strip.isVisible()
    assert answers.asked == []


def test_looking_names_some_of_the_files(stage: Stage, answers: Answers) -> None:
    """The renamed one and some of the deleted; how many more there are is said."""
    strip = stage.desk.listing.held
    strip.look.click()
    stage.settle()
    assert "renamed: pie.md" in strip.text
    assert "deleted: notes/000.md" in strip.text
    assert "113 other files" in strip.text
    assert answers.asked == []


@pytest.mark.parametrize("what", ["through", "undo"])
def test_both_ways_end_it(stage: Stage, answers: Answers, what: str) -> None:
    """One click each; then the strip goes, for nothing is held any more."""
    strip = stage.desk.listing.held
    (strip.through if what == "through" else strip.undo).click()
    stage.wait(lambda: not strip.isVisible())
    assert answers.asked == [f"{what} recipes"]
    assert strip.through.isEnabled()


def test_what_is_not_sent_has_a_sign_of_its_own(stage: Stage) -> None:
    """A pause, in the footer and the lists: neither sending nor failing."""
    from_here = replace(COUNT, is_this=True)
    space = stage.app.space_of("recipes")
    assert Reach.HELD.value == "held"
    hold(stage, (from_here,))
    stage.desk.go("space:recipes")
    stage.settle()
    assert "not sent until you look" in stage.desk.listing.held.text
    assert space.delivery.held == ()
