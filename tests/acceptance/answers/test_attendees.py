"""Simulated attendees answer what the real processes have sent, and their answers take effect."""

from __future__ import annotations

import json

from tests.acceptance.conftest import Service, coming, definition, until

INVITED = {
    "focal.point@bn.example.org": ("BN", "ACCSM_FP", "accepted"),
    "focal.point@kh.example.org": ("KH", "ACCSM_FP", "accepted"),
    "focal.point@la.example.org": ("LA", "ACCSM_FP", "accepted"),
    "senior.official@la.example.org": ("LA", "SOM", "accepted"),
    "focal.point@id.example.org": ("ID", "ACCSM_FP", "accepted"),
    "focal.point@th.example.org": ("TH", "ACCSM_FP", "declined"),
    "senior.official@th.example.org": ("TH", "SOM", "delegated"),
    "focal.point@ph.example.org": ("PH", "ACCSM_FP", "no answer"),
    "focal.point@sg.example.org": ("SG", "ACCSM_FP", "no answer"),
    "accsm.desk@asean.example.org": ("ASEC", "ASEC", "no answer"),
}
"""Outlook, the personal page alone and for the delegation, Gmail, Apple, a bounce, a proposal, an alias."""


def test_attendees_answer_by_mail_and_on_their_pages(service: Service) -> None:
    people = [
        {"group": group, "delegation": code, "name": email.partition("@")[0], "email": email}
        for email, (code, group, _) in INVITED.items()
    ]
    meeting = definition("ANSWERED", coming(service, 21), attendees=people)
    service.api("POST", "/meetings", 201, json=meeting)
    service.api("POST", "/meetings/ANSWERED/publish")
    until(lambda: len(service.mails("ANSWERED")) == len(INVITED), "invitations")

    given = json.loads(service.cli("sandbox", "answer", "--json"))
    silent = "senior.official@la.example.org"
    assert {item["recipient"] for item in given} == set(INVITED) - {silent}
    assert not [item for item in given if item["problem"]]
    # The command ends when everything that was answered has been read.
    found = service.api("GET", "/meetings/ANSWERED")
    assert {item["email"]: item["participation"] for item in found["attendees"]} == {
        email: answer for email, (_, _, answer) in INVITED.items()
    }
    comments = {item["email"]: item["comment"] for item in found["attendees"]}
    assert comments["focal.point@kh.example.org"] == "We shall be four in the room."
    assert "ขอโทษครับ" in comments["focal.point@th.example.org"]
    attention = " ".join(found["attention"])
    for problem in ("another time was proposed", "focal.point@ph.example.org could not", "deputy.secretary@"):
        assert problem in attention
    assert service.cli("sandbox", "answer") == "Nobody has anything to answer.\n"
