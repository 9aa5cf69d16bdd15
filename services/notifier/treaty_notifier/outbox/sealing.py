"""Everything sealed is sealed anew under the current key of the ring, at the start."""

from sqlalchemy import Connection, Row, select, update

from treaty_notifier.outbox.dossiers import dossiers, resealed_keys
from treaty_notifier.outbox.secrets import Renew, headers_place, secret_place, tls_place
from treaty_notifier.outbox.tables import secrets


def reseal(connection: Connection, renew: Renew) -> int:
    """How many rows changed; none when all are under the current key already."""
    changed = 0
    for row in connection.execute(select(secrets)).all():
        sealed = bytes(row.sealed)
        renewed = renew(sealed, place=secret_place(row.subscription_id, row.serial))
        if renewed != sealed:
            ours = (secrets.c.subscription_id == row.subscription_id) & (secrets.c.serial == row.serial)
            connection.execute(update(secrets).where(ours).values(sealed=renewed))
            changed += 1
    for row in connection.execute(select(dossiers)).all():
        values = _renewed(row, renew)
        if values:
            ours = dossiers.c.subscription_id == row.subscription_id
            connection.execute(update(dossiers).where(ours).values(**values))
            changed += 1
    return changed


def _renewed(row: Row[tuple[object, ...]], renew: Renew) -> dict[str, str]:
    id_: str = row.subscription_id
    known = {"signing_keys": row.signing_keys, "headers": row.headers, "tls": row.tls}
    renewed = {
        "signing_keys": resealed_keys(id_, row.signing_keys, renew),
        "headers": renew(bytes.fromhex(row.headers), place=headers_place(id_)).hex() if row.headers else row.headers,
        "tls": renew(bytes.fromhex(row.tls), place=tls_place(id_)).hex() if row.tls else row.tls,
    }
    return {name: value for name, value in renewed.items() if value != known[name]}
