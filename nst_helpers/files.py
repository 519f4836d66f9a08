"""Files in general: their checksums, and writing them whole or not at all."""

import hashlib


def sha256(data: bytes) -> str:
    """Give the checksum of these bytes, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
