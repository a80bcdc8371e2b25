"""A key in a file is changed for another, and the ones before still open."""

from pathlib import Path

from services.door.secret_files import KEY_BYTES, read_or_make_keys, rotate_key


def test_a_new_key_stands_first_and_the_old_ones_stay_known(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    (first,) = read_or_make_keys(path)
    rotate_key(path)
    second, *before = read_or_make_keys(path)
    assert before == [first]
    rotate_key(path)
    third, *before = read_or_make_keys(path)
    assert before == [second, first]
    assert len({first, second, third}) == 3
    assert min(map(len, (first, second, third))) >= KEY_BYTES
    assert {each.stat().st_mode & 0o777 for each in tmp_path.iterdir()} == {0o600}
    assert {each.name for each in tmp_path.iterdir()} == {"master.key", "master.key.retired"}


def test_a_rotation_that_was_killed_has_lost_nothing(tmp_path: Path) -> None:
    """Between its two steps the old key stands twice."""
    path = tmp_path / "master.key"
    (first,) = read_or_make_keys(path)
    (tmp_path / "master.key.retired").write_bytes(first + b"\n")
    assert read_or_make_keys(path) == [first, first]
    rotate_key(path)
    assert set(read_or_make_keys(path)[1:]) == {first}
