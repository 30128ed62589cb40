"""What certificates are held against, in every connection that this package makes itself."""

from __future__ import annotations

import ssl
from pathlib import Path


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that verifies names and certificates.

    The authorities of ``ca_file`` (PEM) are trusted beside those of the system: a ministry's own mail
    server and Microsoft 365 are reached with the same setting. Raises ``OSError`` for a file that cannot
    be read or holds no certificate (``ssl.SSLError`` is one).
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context
