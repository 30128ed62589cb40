"""What a running service says of the mails that leave."""

from __future__ import annotations

from orchestrator.demo.running import PURPOSE_WORDS
from orchestrator.services.letters.subjects import SUBJECTS


def test_every_mail_there_is_has_words() -> None:
    assert set(PURPOSE_WORDS) == set(SUBJECTS)
