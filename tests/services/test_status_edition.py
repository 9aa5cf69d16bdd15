"""An edition of the answers keeps its bytes: ``python -m tests.services.test_status_edition`` seals the present one.

It is sealed with the release that brings it. From then on an answer that is not the same bytes needs the next edition.
"""

import json
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

from tests.services.status_world import Clock, status
from tests.services.test_status_two_clocks import DAYS, READS, Story, at, body
from treaty_status.application.editions import EDITION

SEALED = Path(__file__).parent / "editions.json"


def digests(dsn: str) -> dict[str, str]:
    """Of the answers to every kind of question about one story, in both languages."""
    with status(dsn, clock=Clock()) as service:
        story = Story(service)
        story.write()
        _, position = story.moments[6]
        addresses = [
            at(path, as_of=day, at_position=position, lang=lang, edition=EDITION)
            for path in READS
            for day in DAYS
            for lang in ("en", "fr")
        ]
        return {address: sha256(body(service, address)).hexdigest() for address in addresses}


def sealed() -> dict[str, dict[str, str]]:
    """The digests of each edition that was released."""
    return dict(json.loads(SEALED.read_text(encoding="utf-8")))


def test_a_sealed_edition_gives_the_bytes_it_was_sealed_with(sqlite_dsn: str) -> None:
    known, found = sealed(), digests(sqlite_dsn)

    assert max((int(one) for one in known), default=0) in {EDITION, EDITION - 1}
    changed = [address for address, digest in known.get(str(EDITION), found).items() if found.get(address) != digest]
    assert not changed, "Answers have changed since their edition was sealed: raise EDITION in application/editions.py."


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        told = sealed() | {str(EDITION): digests(f"sqlite:///{folder}/treaty.db")}
    SEALED.write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    sys.exit(0)
