"""What a watcher promises: nobody who reads after being woken has missed a commit for longer than half a second."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from threading import enumerate as threads

import psycopg
import pytest

from treaty_events import stream_of
from treaty_status.application.event_log import EventLog, LogUnavailable, LogWatcher, NewEvent
from treaty_status.store import open_log, open_watcher

HANOI = stream_of("XVIII-16")
SOON = 8.0
"""Seconds after which a test gives up; a commit is usually seen within milliseconds."""

APPEND_ELSEWHERE = """
import sys
from treaty_events import stream_of
from treaty_status.application.event_log import NewEvent
from treaty_status.store import open_log
log = open_log(sys.argv[1])
log.append([NewEvent(stream_of("XVIII-16"), 1, "treaty.consent.recorded", b"{}")])
log.close()
"""


class Reader:
    """Reads whenever it is woken, and tells when it has read far enough."""

    def __init__(self, log: EventLog, *, until: int = 1) -> None:
        self._log = log
        self._until = until
        self.woken = Event()
        self.done = Event()

    def wake(self) -> None:
        self.woken.set()
        if self._log.head() >= self._until:
            self.done.set()


@pytest.fixture
def log(log_dsn: str) -> Iterator[EventLog]:
    log = open_log(log_dsn)
    yield log
    log.close()


@pytest.fixture
def watcher(log: EventLog, log_dsn: str) -> Iterator[LogWatcher]:
    watcher = open_watcher(log_dsn)
    yield watcher
    watcher.stop()


def test_a_nudge_wakes_the_reader(log: EventLog, watcher: LogWatcher) -> None:
    reader = Reader(log)
    watcher.start(reader.wake)

    log.append([NewEvent(HANOI, 1, "t", b"{}")])
    watcher.nudge()

    assert reader.done.wait(SOON)


def test_a_commit_of_another_process_wakes_the_reader(database_dsn: str) -> None:
    log = open_log(database_dsn)
    watcher = open_watcher(database_dsn)
    reader = Reader(log)
    watcher.start(reader.wake)

    subprocess.run([sys.executable, "-c", APPEND_ELSEWHERE, database_dsn], check=True, timeout=30)

    assert reader.done.wait(SOON)
    watcher.stop()
    log.close()


def test_a_stopped_watcher_leaves_no_thread_and_wakes_nobody(log: EventLog, log_dsn: str) -> None:
    before = len(threads())
    watcher = open_watcher(log_dsn)
    reader = Reader(log)
    watcher.start(reader.wake)

    watcher.stop()

    reader.woken.clear()
    watcher.nudge()
    assert not reader.woken.wait(0.05)
    assert len(threads()) == before


def test_stopping_what_was_never_started_is_nothing(log_dsn: str) -> None:
    watcher = open_watcher(log_dsn)
    watcher.nudge()
    watcher.stop()


def test_a_listener_that_was_cut_off_listens_again(postgres_dsn: str) -> None:
    log = open_log(postgres_dsn)
    watcher = open_watcher(postgres_dsn)
    reader = Reader(log)
    watcher.start(reader.wake)

    with psycopg.connect(postgres_dsn, autocommit=True) as axe:
        axe.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    subprocess.run([sys.executable, "-c", APPEND_ELSEWHERE, postgres_dsn], check=True, timeout=30)

    assert reader.done.wait(SOON)
    watcher.stop()
    log.close()


def test_a_database_that_cannot_be_watched_is_said_at_the_start(tmp_path: Path) -> None:
    for address in (f"sqlite:///{tmp_path}/no/such/folder.db", f"postgresql://nobody@/none?host={tmp_path}"):
        watcher = open_watcher(address)
        with pytest.raises(LogUnavailable, match="try again"):
            watcher.start(lambda: None)
        watcher.stop()
