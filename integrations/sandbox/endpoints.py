"""Where the parts of a running sandbox listen, for the other processes to find."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from integrations.sandbox.atomic_file import replace_file


@dataclass(frozen=True, slots=True)
class SandboxEndpoints:
    """Addresses of a sandbox and the secrets made up for it.

    ``graph_url`` ends in the API version, ``authority_url`` is the sign-in host without the tenant;
    ``ca_file`` is the certificate that both are to be trusted by.
    """

    broker_url: str = field(repr=False)
    graph_url: str
    authority_url: str
    tenant_id: str
    client_id: str
    client_secret: str = field(repr=False)
    organizer_id: str
    ca_file: Path
    smtp_host: str
    smtp_port: int

    def save(self, path: Path) -> None:
        """Write them to ``path``, whole and readable by its owner only."""
        content = {**asdict(self), "ca_file": str(self.ca_file)}
        replace_file(path, json.dumps(content, indent=2).encode())

    @classmethod
    def load(cls, path: Path) -> SandboxEndpoints | None:
        """Read them; None when the sandbox has not written them yet or the file makes no sense."""
        try:
            content = json.loads(path.read_bytes())
            values = {each.name: content[each.name] for each in fields(cls)}
            return cls(
                **{**values, "ca_file": Path(values["ca_file"]), "smtp_port": int(values["smtp_port"])}
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
