"""Where a folder could be."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from app.proposing import free_folder, is_free


@given(st.text(max_size=12), st.integers(0, 3))
def test_what_is_proposed_is_free_whatever_it_is_called(name: str, taken: int) -> None:
    """Names come from other people; none may lead out of the folder or to what is there."""
    with TemporaryDirectory() as base:
        for _ in range(taken):
            made = free_folder(Path(base), name)
            made.mkdir()
            (made / "note.md").touch()
        proposed = free_folder(Path(base), name)
        assert proposed.parent == Path(base)
        assert is_free(proposed)
        assert not proposed.exists()


def test_a_name_that_no_disk_takes_is_shortened(tmp_path: Path) -> None:
    """It was given by somebody else; looking for a free one must come to an end."""
    free_folder(tmp_path, "é" * 500).mkdir()
    assert free_folder(tmp_path / "nowhere" / "x", "a").name == "a"
    (tmp_path / "file").touch()
    assert free_folder(tmp_path / "file", "a") == tmp_path / "file" / "a"


def test_an_empty_folder_is_free_and_a_file_is_not(tmp_path: Path) -> None:
    """As joining sees it."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert is_free(tmp_path / "empty")
    assert not is_free(tmp_path / "file")
    assert not is_free(tmp_path / "link")
