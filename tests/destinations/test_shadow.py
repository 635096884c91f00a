"""A shadow writes down what would leave, for its owner alone, whoever else writes at the same time."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from commerce_events.destinations.shadow import ShadowClient
from commerce_events.domain.errors import ConfigurationError, TransientError

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def lines(folder):
    return [line for path in sorted(folder.iterdir()) for line in path.read_bytes().splitlines()]


def test_messages_stand_on_lines_of_the_days_file_in_the_order_sent(tmp_path):
    client = ShadowClient(tmp_path / "new" / "shadow")

    client.send([b'{"a":1}', b'{"a":2}'], sent_at=NOON, retries=0)
    client.send([b'{"a":3}'], sent_at=NOON.replace(day=2), retries=0)

    assert [path.name for path in sorted(client.folder.iterdir())] == ["2026-03-01.jsonl", "2026-03-02.jsonl"]
    assert lines(client.folder) == [b'{"a":1}', b'{"a":2}', b'{"a":3}']


def test_only_their_owner_may_read_the_files(tmp_path):
    client = ShadowClient(tmp_path / "shadow")
    client.send([b"{}"], sent_at=NOON, retries=0)
    (path,) = client.folder.iterdir()
    path.chmod(0o644)

    client.send([b"{}"], sent_at=NOON, retries=0)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(client.folder.stat().st_mode) == 0o700


def test_many_writers_never_mix_their_lines(tmp_path):
    client = ShadowClient(tmp_path)
    bodies = [[json.dumps({"writer": writer, "text": "x" * 5000}).encode()] * 20 for writer in range(16)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda some: client.send(some, sent_at=NOON, retries=0), bodies))

    assert sorted(lines(tmp_path)) == sorted(line for some in bodies for line in some)


def test_a_line_that_was_cut_off_spoils_no_other(tmp_path):
    client = ShadowClient(tmp_path)
    (tmp_path / "2026-03-01.jsonl").write_bytes(b'{"half":')

    client.send([b'{"a":1}'], sent_at=NOON, retries=1)

    assert lines(tmp_path) == [b'{"half":', b'{"a":1}']


def test_a_folder_that_is_a_file_is_a_mistake_in_the_settings(tmp_path):
    (tmp_path / "taken").write_text("")

    with pytest.raises(ConfigurationError, match="taken cannot be written to"):
        ShadowClient(tmp_path / "taken").send([b"{}"], sent_at=NOON, retries=0)


def test_a_link_is_not_followed(tmp_path):
    client = ShadowClient(tmp_path)
    (tmp_path / "2026-03-01.jsonl").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(TransientError) as caught:
        client.send([b"{}"], sent_at=NOON, retries=0)

    assert caught.value.maybe_taken
    assert not (tmp_path / "elsewhere").exists()
