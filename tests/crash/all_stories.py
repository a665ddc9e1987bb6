"""All stories by name."""

from __future__ import annotations

from tests.crash.collecting import Collecting
from tests.crash.folders import Adding, CheckingOut, Importing, Marking
from tests.crash.stories import (
    Committing,
    CommittingLong,
    Joining,
    Keeping,
    Rebuilding,
    Remembering,
    Story,
    Taking,
)

STORIES: dict[str, Story] = {
    "commit": Committing(),
    "long commits": CommittingLong(),
    "intake": Taking(),
    "join": Joining(),
    "rebuild": Rebuilding(),
    "keys": Keeping(),
    "state": Remembering(),
    "import": Importing(),
    "checkout": CheckingOut(),
    "attach": Marking(),
    "add": Adding(),
    "collection": Collecting(),
}
