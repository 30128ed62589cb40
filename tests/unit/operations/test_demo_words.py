"""What a running service says of the mails that leave."""

from __future__ import annotations

from orchestrator.demo.running import PURPOSE_WORDS
from orchestrator.domain.timelines.kinds import purposes_where


def test_every_mail_there_is_has_words() -> None:
    assert set(PURPOSE_WORDS) == set(purposes_where(lambda _: True))
