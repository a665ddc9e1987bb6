"""Hints: when to look, and where; and that a lost hint loses nothing."""

from __future__ import annotations

import asyncio
import ctypes
import errno
import itertools
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from watchdog.observers import inotify_c

from app.clock import SystemClock
from app.folder.settle import MOST, WINDOW, Due, Hint, Settle, What
from app.folder.unclosed import LATEST, LONGEST, QUIET
from app.folder.watcher import Watch, Watcher
from tests.helpers.mirrored import Mirrored

A, B = ("a",), ("d", "b")


def test_the_first_save_is_looked_at_at_once() -> None:
    """Someone waits for it."""
    settle = Settle()
    settle.feed(Hint(What.CLOSED, A), 10.0)
    assert settle.due(10.0) == Due(frozenset({A}))
    assert settle.wake_at is None


def test_a_save_by_another_file_put_in_its_place_is_looked_at_at_once() -> None:
    """So most editors save: what they do beside is no reason to wait."""
    settle, scratch = Settle(), ("a.tmp",)
    settle.feed(Hint(What.MADE, scratch), 10.0)
    settle.feed(Hint(What.CLOSED, A, scratch), 10.01)
    settle.feed(Hint(What.GONE, scratch), 10.01)
    assert settle.due(10.01) == Due(frozenset({A}))
    assert settle.due(10.01 + WINDOW) == Due(frozenset({scratch}))


def test_of_many_saves_in_a_row_all_but_the_first_are_gathered() -> None:
    """However each is made: one look for many is cheaper than many looks."""
    settle, at_once = Settle(), set[int]()
    for n in range(40):
        now, file, scratch = 10.0 + n / 1000, (f"{n}",), (f"{n}.tmp",)
        settle.feed(Hint(What.MADE, scratch), now)
        settle.feed(Hint(What.CLOSED, file, scratch), now)
        settle.feed(Hint(What.GONE, scratch), now)
        if file in settle.due(now).paths:
            at_once.add(n)
    assert at_once == {0}
    assert {(f"{n}",) for n in range(1, 40)} <= settle.due(11.0).paths


def test_when_something_is_looked_at_all_that_is_closed_is_looked_at_with_it() -> None:
    """A hundred files that a program saves are a look or two, not one every few milliseconds."""
    settle = Settle()
    settle.feed(Hint(What.GONE, A), 10.0)
    settle.feed(Hint(What.CLOSED, B), 10.04)
    settle.feed(Hint(What.GONE, ("c",)), 10.04)
    assert settle.due(10.0 + WINDOW) == Due(frozenset({A, B}))
    assert settle.due(10.04 + WINDOW) == Due(frozenset({("c",)})), "its other half may come"


def test_what_follows_is_gathered() -> None:
    """Until it is quiet."""
    settle = Settle()
    settle.feed(Hint(What.CLOSED, A), 10.0)
    settle.due(10.0)
    settle.feed(Hint(What.CLOSED, A), 10.01)
    settle.feed(Hint(What.CLOSED, B), 10.02)
    assert not settle.due(10.03)
    assert settle.wake_at == pytest.approx(10.01 + WINDOW)
    assert settle.due(10.02 + WINDOW) == Due(frozenset({A, B}))


def test_a_file_being_written_is_waited_for() -> None:
    """It is closed when it is whole; but not for ever."""
    settle = Settle()
    settle.feed(Hint(What.MADE, A), 10.0)
    assert not settle.due(10.5)
    settle.feed(Hint(What.CLOSED, A), 10.6)
    assert settle.due(10.6 + WINDOW) == Due(frozenset({A}))
    settle.feed(Hint(What.MADE, B), 20.0)
    assert settle.due(20.0 + MOST) == Due(frozenset({B}))


def test_lost_hints_mean_everything() -> None:
    """The watcher is never believed to have seen all."""
    settle = Settle()
    settle.feed(Hint(What.CLOSED, A), 10.0)
    settle.feed(Hint(What.LOST), 10.0)
    assert settle.due(10.0 + WINDOW) == Due(everything=True)
    assert not settle.due(20.0)


def looks(settle: Settle, until: float) -> list[float]:
    """Return when something is due, up to a moment."""
    times: list[float] = []
    while (wake := settle.wake_at) is not None and wake <= until:
        assert settle.due(wake), "it must not wake for nothing"
        times.append(wake)
    return times


def test_a_file_that_is_written_and_not_closed_is_looked_at_when_it_is_quiet() -> None:
    """A program that keeps its file open saves too."""
    settle = Settle()
    settle.feed(Hint(What.WRITTEN, A), 10.0)
    settle.feed(Hint(What.WRITTEN, A), 11.0)
    assert looks(settle, 100.0) == [11.0 + QUIET]
    settle.feed(Hint(What.WRITTEN, A), 100.0)
    assert looks(settle, 200.0) == [100.0 + QUIET], "it was left in peace: all is forgotten"


def test_a_file_that_is_closed_is_looked_at_at_once_though_it_was_written_before() -> None:
    """Someone waits for it, and nothing is left to look at."""
    settle = Settle()
    settle.feed(Hint(What.WRITTEN, B), 9.99)
    settle.feed(Hint(What.WRITTEN, A), 9.99)
    settle.feed(Hint(What.CLOSED, A), 10.0)
    assert settle.due(10.0) == Due(frozenset({A}))
    assert looks(settle, 100.0) == [9.99 + QUIET], "the other one only"


def test_a_new_file_that_is_still_written_is_waited_for() -> None:
    """A long copy: each look reads all of it, and what it finds is no version of anything."""
    settle, all_looks = Settle(), list[float]()
    settle.feed(Hint(What.MADE, A), 10.0)
    for second in range(9):
        settle.feed(Hint(What.WRITTEN, A), 10.5 + second)
        all_looks += looks(settle, 10.5 + second)
    settle.feed(Hint(What.CLOSED, A), 19.5)
    assert all_looks == []
    assert settle.due(19.5) == Due(frozenset({A}))


def test_a_log_that_is_never_quiet_is_looked_at_once_a_minute() -> None:
    """And soon for the first time; else each of its lines would become a version."""
    settle, times = Settle(), list[float]()
    for second in range(3600):
        settle.feed(Hint(What.WRITTEN, A), float(second))
        times += looks(settle, second + 0.5)
    gaps = [after - before for before, after in itertools.pairwise(times)]
    assert times[0] == LATEST
    assert gaps == sorted(gaps)
    assert max(gaps) <= LONGEST + 1
    assert len(times) < 70


hints = st.lists(
    st.tuples(
        st.sampled_from([what for what in What if what is not What.WRITTEN]),
        st.sampled_from([A, B]),
        st.floats(0, 0.3),
    ),
    max_size=30,
)


@given(hints)
def test_every_hint_is_due_in_time(story: list[tuple[What, tuple[str, ...], float]]) -> None:
    """However they come, none is forgotten and none waits longer than it may."""
    settle, now, waiting = Settle(), 0.0, dict[tuple[str, ...], float]()
    for what, path, pause in story:
        target = now + pause
        while (wake := settle.wake_at) is not None and wake <= target:
            now = max(now, wake)
            due = settle.due(now)
            assert due, "it must not wake for nothing"
            for seen in [p for p in waiting if due.everything or p in due.paths]:
                assert now - waiting.pop(seen) <= 2 * MOST + WINDOW
        now = target
        settle.feed(Hint(what, path), now)
        waiting.setdefault(() if what is What.LOST else path, now)
        if due := settle.due(now):
            waiting = (
                {} if due.everything else {p: t for p, t in waiting.items() if p not in due.paths}
            )
    while (wake := settle.wake_at) is not None:
        now = max(now, wake)
        due = settle.due(now)
        assert due
        waiting = {} if due.everything else {p: t for p, t in waiting.items() if p not in due.paths}
    assert not waiting


@given(
    st.lists(
        st.tuples(st.sampled_from(list(What)), st.sampled_from([A, B]), st.floats(0, 30)),
        max_size=40,
    )
)
def test_every_write_is_looked_at_in_the_end(
    story: list[tuple[What, tuple[str, ...], float]],
) -> None:
    """However long a file is kept open, and whatever else happens."""
    settle, now, unseen = Settle(), 0.0, dict[tuple[str, ...], float]()

    def look(until: float) -> None:
        while (wake := settle.wake_at) is not None and wake <= until:
            due = settle.due(wake)
            assert due, "it must not wake for nothing"
            for path in [path for path in unseen if due.everything or path in due.paths]:
                assert wake - unseen.pop(path) <= LONGEST + LATEST

    for what, path, pause in story:
        look(now := now + pause)
        settle.feed(Hint(what, path), now)
        if what is not What.LOST:
            unseen.setdefault(path, now)
    look(float("inf"))
    assert not unseen


class Watched:
    """A mirror that looks whenever its watch says so, until what a test waits for is there."""

    def __init__(self, root: Path) -> None:
        self.one = Mirrored(root)
        self.changed = asyncio.Event()
        self.watch = Watch(root, SystemClock(), self.look)
        self.dues: list[Due] = []

    def look(self, due: Due) -> None:
        """Look where it is due."""
        self.dues.append(due)
        self.one.look(*([] if due.everything else ["/".join(path) for path in due.paths]))
        self.changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for the watcher's hints to make it true."""
        async with asyncio.timeout(20):
            while not true():
                await self.changed.wait()
                self.changed.clear()


def watched(root: Path, story: Callable[[Watched], object]) -> Watched:
    """Run a story under a real watcher."""

    async def run() -> Watched:
        one = Watched(root)
        assert one.watch.start()
        try:
            await story(one)  # type: ignore[misc]
        finally:
            await asyncio.to_thread(one.watch.stop)
        return one

    return asyncio.run(run())


def test_saves_reach_the_space(tmp_path: Path) -> None:
    """In place, renamed over, in a folder that was just made, and moved away."""

    async def story(it: Watched) -> None:
        files = it.one.space.files
        it.one.write("a.md", "one")
        await it.until(lambda: files() == {"a.md": b"one"})
        (it.one.root / "tmp").write_text("two")
        (it.one.root / "tmp").rename(it.one.root / "a.md")
        await it.until(lambda: files().get("a.md") == b"two" and len(files()) == 1)
        it.one.write("deep/er/b.md", "three")
        await it.until(lambda: files().get("deep/er/b.md") == b"three")
        (it.one.root / "deep").rename(it.one.root / "moved")
        await it.until(lambda: "moved/er/b.md" in files() and "deep/" not in files())
        (it.one.root / "a.md").unlink()
        await it.until(lambda: "a.md" not in files())

    one = watched(tmp_path / "folder", story)
    assert not any(due.everything for due in one.dues)


def test_a_folder_that_moves_is_one_hint_and_not_one_for_each_file_in_it(tmp_path: Path) -> None:
    """Looking at a folder is looking at all below it: once is enough."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for number in range(50):
        (tmp_path / "deep" / "er" / f"{number}.md").write_text(f"{number}")

    async def story(it: Watched) -> None:
        (tmp_path / "deep").rename(it.one.root / "deep")
        await it.until(lambda: len(it.one.space.files()) == 52)
        (it.one.root / "deep").rename(it.one.root / "moved")
        await it.until(lambda: "deep/" not in it.one.space.files())
        assert {path for due in it.dues for path in due.paths} <= {("moved",), ("deep",)}
        it.one.write("moved/er/0.md", "still heard")
        await it.until(lambda: it.one.space.files().get("moved/er/0.md") == b"still heard")

    watched(tmp_path / "folder", story)


@pytest.mark.expects_warnings
def test_an_overflow_is_heard_and_everything_is_looked_at(tmp_path: Path) -> None:
    """The observer says so in its log, and nowhere else."""

    async def story(it: Watched) -> None:
        logger = logging.getLogger("watchdog.observers.inotify_c")
        logger.warning("Inotify queue overflowed; filesystem events were lost")
        await it.until(lambda: any(due.everything for due in it.dues))

    watched(tmp_path / "folder", story)


def test_what_is_kept_open_reaches_the_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log, a database, and a mode that changed: nothing is ever closed."""
    monkeypatch.setattr("app.folder.unclosed.QUIET", 0.01)
    monkeypatch.setattr("app.folder.watcher.TOGETHER", 0.01)

    async def story(it: Watched) -> None:
        space = it.one.space
        with (it.one.root / "log").open("w") as file:
            for text in ("one\n", "two\n", "three\n"):
                file.write(text)
                file.flush()
                await it.until(lambda: space.files().get("log", b"").endswith(text.encode()))  # noqa: B023
            (it.one.root / "log").chmod(0o700)
            await it.until(lambda: any(node.executable for _, node in space.tree().walk()))

    one = watched(tmp_path / "folder", story)
    assert not any(due.everything for due in one.dues)


def test_our_own_writing_is_not_hinted_at(tmp_path: Path) -> None:
    """Half-written files and the marker are nobody's news."""

    async def story(it: Watched) -> None:
        (it.one.root / ".atoll" / "x").write_text("ours")
        (it.one.root / f".atoll-{os.urandom(8).hex()}.tmp").write_text("half")
        it.one.write("last.md", "x")
        await it.until(lambda: bool(it.one.space.files()))

    one = watched(tmp_path / "folder", story)
    assert {path for due in one.dues for path in due.paths} == {("last.md",)}


def test_a_hint_at_a_name_that_is_no_text_harms_nobody(one: Mirrored) -> None:
    """A disk may hold any bytes as a name; what cannot be shared is said, and left alone."""
    one.write("a.md", "text")
    one.round()
    name = os.fsdecode(b"\xff\xfe.md")
    (one.root / name).write_bytes(b"x")
    looked = one.look(name, "a.md")
    assert [(skipped.path, skipped.why) for skipped in looked.skipped] == [((name,), "name")]
    assert not looked.changed


def test_a_hint_from_deep_below_is_a_hint_at_where_looking_ends(one: Mirrored) -> None:
    """Nobody goes down for ever."""
    deep = "/".join(["d"] * 300)
    (one.root / deep).mkdir(parents=True)
    (one.root / deep / "a.md").write_text("text\n")
    looked = one.look(f"{deep}/a.md")
    assert {skipped.why for skipped in looked.skipped} == {"deep"}
    assert one.look().skipped == looked.skipped


def test_a_watcher_goes_down_as_deep_as_paths_can_be(tmp_path: Path) -> None:
    """Else it would end in silence."""
    bottom = str(tmp_path)
    for _ in range(1500):  # one by one: `parents=True` goes up by recursion
        bottom += "/d"
        os.mkdir(bottom)  # noqa: PTH102

    async def story() -> None:
        heard = asyncio.Event()
        watch = Watch(tmp_path, SystemClock(), lambda _due: heard.set())
        assert watch.start()
        (tmp_path / "a.md").write_text("text\n")
        await asyncio.wait_for(heard.wait(), 20)
        watch.stop()

    asyncio.run(story())
    os.removedirs(bottom)  # whoever tidies up goes down by recursion too


class Full:
    """An observer that finds room for one folder, and no more."""

    def __init__(self) -> None:
        self.room = 1

    def schedule(self, handler: object, path: str, **more: object) -> None:
        """Watch a folder."""
        del handler, path, more
        if not self.room:
            raise OSError(errno.ENOSPC, "inotify watch limit reached")
        self.room -= 1

    def start(self) -> None:
        """Begin."""

    def is_alive(self) -> bool:
        """It never began."""
        return False


class Sight:
    """What a watch tells, and a way to wait for it."""

    def __init__(self, root: Path) -> None:
        self.told: list[str] = []
        self.everything = asyncio.Event()
        self.watch = Watch(root, SystemClock(), self._look, lambda: self.told.append("lost sight"))

    def _look(self, due: Due) -> None:
        if due.everything:
            self.told.append("everything")
            self.everything.set()


def room_for(folders: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the system watch so many folders more and then say that its limit is reached."""
    monkeypatch.setattr("app.folder.watcher.TRIAL", 0.0)
    add = inotify_c.inotify_add_watch
    left = folders

    def count(descriptor: int, path: bytes, mask: int) -> int:
        nonlocal left
        if left <= 0:
            ctypes.set_errno(errno.ENOSPC)
            return -1
        left -= 1
        return int(add(descriptor, path, mask))

    monkeypatch.setattr(inotify_c, "inotify_add_watch", count)


def test_a_folder_made_later_that_finds_no_room_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else everything below it would be missed in silence, until the next start."""
    room_for(4, monkeypatch)

    async def story() -> None:
        sight = Sight(tmp_path)
        assert sight.watch.start()
        for number in range(4):
            (tmp_path / f"new-{number}").mkdir()
        await asyncio.wait_for(sight.everything.wait(), 20)
        assert sight.told == ["lost sight", "everything"]
        sight.watch.made_folder()
        assert not sight.watch.trying, "it is said once"
        await asyncio.to_thread(sight.watch.stop)

    asyncio.run(story())


def test_a_folder_made_later_that_finds_room_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking at everything now and then costs a large folder much."""
    room_for(1000, monkeypatch)

    async def story() -> None:
        sight = Sight(tmp_path)
        assert sight.watch.start()
        tried = asyncio.Event()
        finds_out, loop = sight.watch.tries, asyncio.get_running_loop()

        def tries() -> bool:
            found = finds_out()
            loop.call_soon_threadsafe(tried.set)
            return found

        sight.watch.tries = tries
        (tmp_path / "new").mkdir()
        await asyncio.wait_for(tried.wait(), 20)
        assert sight.told == []
        await asyncio.to_thread(sight.watch.stop)

    asyncio.run(story())


def test_when_no_more_folders_can_be_watched_looking_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder below the first that finds no room is passed over in silence: so ask."""
    monkeypatch.setattr("app.folder.watcher.Observer", Full)
    watcher = Watcher(tmp_path, lambda _hint: None)
    assert not watcher.start()
    watcher.stop()
