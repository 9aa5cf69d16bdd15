"""The keys that seal secrets at rest, as the operator gives them. Pure."""

import base64

KEY_BYTES = 32


def ring_keys(text: str) -> tuple[bytes, ...]:
    """The keys of a ring, newest first: base64 of 32 bytes each, separated by commas or white space.

    Raises:
        ValueError: one of them is no such key.
    """
    keys = []
    for number, part in enumerate(text.replace(",", " ").split(), start=1):
        try:
            key = base64.b64decode(part, validate=True)
        except ValueError:
            key = b""
        if len(key) != KEY_BYTES:
            raise ValueError(
                f"A key of the ring is base64 of {KEY_BYTES} random bytes (key: {number}); make one with openssl rand "
                f"-base64 {KEY_BYTES}"
            )
        keys.append(key)
    return tuple(keys)
