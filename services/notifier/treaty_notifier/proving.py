"""The commands ``verify-checkpoint`` and ``prove``: what was signed, beside what a receiver holds. They ask nobody."""

import base64
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from treaty_notifier.checkpoint import Checkpoint, CheckpointRefused, checkpoint_of, leaf
from treaty_notifier.ed25519 import public_key
from treaty_notifier.formats import standard_body
from treaty_notifier.holdings import is_resent
from treaty_notifier.key_book import KeysUnreadable, published_keys
from treaty_notifier.merkle import Peaks, path, root_of

FITS, DIFFERS, CANNOT_RUN = 0, 1, 2


class Unreadable(Exception):
    """A file does not hold what it should."""


def verify_checkpoints(
    file: Path, *, public_keys: Sequence[str], key_set: str | None, have: Sequence[Path], proof: Path | None
) -> int:
    """Check every checkpoint of the file and print a line for each; the exit code."""
    try:
        documents = _some(_objects([file]), file)
        believed = [public_key(one) for one in public_keys]
        believed += published_keys(key_set) if key_set is not None else ()
        held = _leaves(_objects(have)) if have else None
        told = None if proof is None else next(iter(_objects([proof])), {})
        said = [_said(document, believed, held, told) for document in documents]
    except (OSError, ValueError, KeysUnreadable, Unreadable) as fault:
        sys.stderr.write(f"Nothing was verified. {fault}\n")
        return CANNOT_RUN
    sys.stdout.write("".join(f"{line}\n" for line, _ in said))
    return FITS if all(fits for _, fits in said) else DIFFERS


def prove(sequence: int, *, have: Sequence[Path], size: int | None) -> int:
    """Print the proof of one number; the exit code."""
    try:
        records = _by_number(_objects(have))
        leaves = _in_order(_leaves(records.values()), size=size if size is not None else max(records, default=0))
        found = path(leaves, _index(sequence, leaves))
    except (OSError, ValueError, Unreadable, CheckpointRefused) as fault:
        sys.stderr.write(f"Nothing was proved. {fault}\n")
        return CANNOT_RUN
    known = records[sequence]
    document = {
        "sequence": sequence,
        "webhook_id": known["webhook_id"],
        "payload": standard_body(known).decode(),
        "size": len(leaves),
        "path": [base64.b64encode(one).decode("ascii") for one in found],
    }
    sys.stdout.write(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")
    return FITS


def _some(found: Iterable[dict[str, Any]], file: Path) -> list[dict[str, Any]]:
    documents = list(found)
    if not documents:
        raise Unreadable(f"There is no checkpoint in this file (file: {file})")
    return documents


def _index(sequence: int, leaves: Sequence[bytes]) -> int:
    if not 1 <= sequence <= len(leaves):
        raise Unreadable(f"There is no number {sequence} among the first {len(leaves)}")
    return sequence - 1


def _said(
    document: Mapping[str, Any],
    believed: Sequence[bytes],
    held: Mapping[int, bytes] | None,
    proof: Mapping[str, Any] | None,
) -> tuple[str, bool]:
    """One line, and whether everything fits."""
    keys = believed or [public_key(str(document.get("public_key", "")))]
    try:
        found = _signed_by_one_of(keys, document)
        if held is not None:
            _compare(found, _in_order(held, size=found.size))
        if proof is not None:
            _check_proof(found, proof)
    except CheckpointRefused as refusal:
        return f"Does not fit: {refusal}", False
    what = " and number " + str(proof["sequence"]) if proof is not None else ""
    compared = " and what is held" if held is not None else ""
    warning = "" if believed else ", by the key that the file itself names: give the one you know with --public-key"
    return (
        f"Fits: the signature{compared}{what}. {found.size} numbers of {found.subscription} by "
        f"{found.at.isoformat()}{warning}.",
        True,
    )


def _signed_by_one_of(keys: Sequence[bytes], document: Mapping[str, Any]) -> Checkpoint:
    refusal = CheckpointRefused("There is no key to believe")
    for key in keys:
        try:
            return checkpoint_of(document, public_key=key)
        except CheckpointRefused as reason:
            refusal = reason
    raise refusal


def _compare(found: Checkpoint, leaves: Sequence[bytes]) -> None:
    if Peaks().grown(leaves).root != found.root:
        raise CheckpointRefused(
            f"What is held under the numbers 1 to {found.size} is not what was signed for {found.subscription} "
            "(a payload is the standard body, a structured CloudEvent, or the data of a binary one with the type and "
            "timestamp of its fields, as `treaty-notifier listen --out` keeps it); pull those numbers anew to compare"
        )


def _check_proof(found: Checkpoint, proof: Mapping[str, Any]) -> None:
    try:
        root = root_of(
            leaf(
                sequence=proof["sequence"],
                webhook_id=proof["webhook_id"],
                payload=proof["payload"].encode(),
            ),
            index=proof["sequence"] - 1,
            size=found.size,
            path=[base64.b64decode(one, validate=True) for one in proof["path"]],
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CheckpointRefused(f"The proof lacks a part or has it in another form ({error})") from error
    if root != found.root:
        raise CheckpointRefused(f"Number {proof['sequence']} as it is told is not among what was signed")


def _leaves(records: Iterable[Mapping[str, Any]]) -> dict[int, bytes]:
    return {
        sequence: leaf(sequence=sequence, webhook_id=str(one.get("webhook_id")), payload=standard_body(one))
        for sequence, one in _by_number(records).items()
    }


def _by_number(records: Iterable[Mapping[str, Any]]) -> dict[int, Mapping[str, Any]]:
    """What was sent again on request may bear an id of its own: it never stands for the message that is held too."""
    numbered = [one for one in records if isinstance(one.get("sequence"), int)]
    return {one["sequence"]: one for one in sorted(numbered, key=is_resent, reverse=True)}


def _in_order(held: Mapping[int, bytes], *, size: int) -> list[bytes]:
    """The leaves of the numbers 1 to ``size``. Raises CheckpointRefused where one is lacking."""
    lacking = [number for number in range(1, size + 1) if number not in held]
    if lacking:
        raise CheckpointRefused(
            f"Of the numbers 1 to {size} {len(lacking)} are not held (the first: {lacking[0]}); `treaty-notifier "
            "reconcile` fetches them"
        )
    return [held[number] for number in range(1, size + 1)]


def _objects(files: Iterable[Path]) -> Iterable[dict[str, Any]]:
    """Each line's object, or the one object of a file in several lines. Raises OSError, Unreadable."""
    for file in files:
        text = file.read_text(encoding="utf-8")
        try:
            whole = [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            try:
                whole = [json.loads(text)]
            except ValueError as error:
                raise Unreadable(f"A file holds no JSON (file: {file}, {error})") from error
        for one in whole:
            if not isinstance(one, dict):
                raise Unreadable(f"A file holds something else than JSON objects (file: {file})")
            yield one
