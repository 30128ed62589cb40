"""Settings that are missing, unreadable or contradict each other are named, each with its remedy.

This file is longer than others, because every setting is held against the others with the same values.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from config.settings import Part, Settings
from orchestrator import doctor
from orchestrator.bootstrap import Container, parse_settings, read_settings, settings_problems
from orchestrator.bootstrap.parts import NEEDED
from orchestrator.errors import ConfigurationError

SECRET = "hunter2-do-not-print-this-anywhere-at-all"
TENANT = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
PRODUCTION = {
    "profile": "production",
    "database_url": f"postgresql://orchestrator:{SECRET}@postgres/orchestrator",
    "broker_url": f"redis://:{SECRET}@redis:6379/0",
    "api_token": SECRET,
    "public_url": "https://meetings.ministry.example",
    "link_key": SECRET,
    "organizer_address": "meetings@ministry.example",
    "smtp_host": "smtp.ministry.example",
    "graph_tenant_id": TENANT,
    "graph_client_id": "11111111-2222-3333-4444-555555555555",
    "graph_client_secret": SECRET,
    "graph_organizer": "organizer@ministry.example",
}
# These reach nobody outside, so the sandbox may have them too.
HARMLESS = {"profile", "database_url", "broker_url", "api_token", "public_url", "link_key"}
LOGIN = {"smtp_username": "meetings", "smtp_password": SECRET}
MAILBOX = {
    "imap_host": "imap.ministry.example",
    "imap_username": "meetings",
    "imap_password": SECRET,
}
Given = Callable[..., None]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Given:
    """A function that sets variables, in an environment without secret files."""
    monkeypatch.setenv("ORCHESTRATOR_SECRETS_DIR", str(tmp_path / "no-secrets"))

    def give(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"ORCHESTRATOR_{name.upper()}", value)

    return give


def without(name: str) -> dict[str, str]:
    return {key: value for key, value in PRODUCTION.items() if key != name}


def problem_of(field: str) -> str:
    """The one problem that reading the settings finds; it names ``field`` and keeps secrets."""
    with pytest.raises(ConfigurationError) as caught:
        read_settings()
    found = [str(item) for item in caught.value.problems]
    assert len(found) == 1, found
    variable, message = found[0].split(": ", 1)
    assert variable == f"ORCHESTRATOR_{field.upper()}"
    assert re.search(r"\. [A-Z].+\.$", message), f"no remedy: {message}"
    assert SECRET not in caught.value.message
    assert SECRET not in repr(caught.value)
    return message


# --- what is well


def test_the_embedded_sandbox_needs_no_settings(given: Given) -> None:
    given()
    assert read_settings().sandbox


@pytest.mark.parametrize(
    "more",
    [
        {},
        LOGIN,
        LOGIN | {"smtp_security": "tls"},
        {"smtp_security": "plain", "smtp_port": "1025"},
        {"lease_seconds": "150"},
        {"graph_tenant_id": TENANT.upper()},
        MAILBOX,
        MAILBOX | {"imap_security": "starttls", "imap_port": "1143", "reply_subaddress": "true"},
        {"imap_security": "plain"},
    ],
    ids=lambda more: ",".join(more) or "least",
)
def test_production_settings_that_agree(given: Given, more: Mapping[str, str]) -> None:
    given(**(PRODUCTION | more))
    assert not read_settings().sandbox


def test_a_default_lease_is_long_enough_for_the_default_timeouts() -> None:
    fields = Settings.model_fields
    assert fields["lease_seconds"].default >= 1.5 * 9 * fields["smtp_timeout"].default
    assert fields["lease_seconds"].default >= 1.5 * 3 * fields["graph_timeout"].default
    assert fields["lease_seconds"].default >= 1.5 * 5 * fields["imap_timeout"].default


# --- the sandbox beside production


@pytest.mark.parametrize("name", sorted({*PRODUCTION} - HARMLESS))
def test_the_sandbox_does_not_start_beside_a_production_setting(given: Given, name: str) -> None:
    given(**{name: PRODUCTION[name]})
    message = problem_of(name)
    assert "ORCHESTRATOR_PROFILE is sandbox" in message
    assert "Unset it, or set ORCHESTRATOR_PROFILE=production." in message


def test_the_sandbox_names_every_production_setting_at_once(given: Given) -> None:
    given(**(without("profile") | LOGIN | MAILBOX))
    with pytest.raises(ConfigurationError) as caught:
        read_settings()
    assert {item.field for item in caught.value.problems} == {
        f"ORCHESTRATOR_{name.upper()}" for name in {*PRODUCTION, *LOGIN, *MAILBOX} - HARMLESS
    }
    assert SECRET not in caught.value.message


# --- production with something missing


@pytest.mark.parametrize("name", sorted({*PRODUCTION} - {"profile"}))
def test_production_does_not_start_without(given: Given, name: str) -> None:
    given(**without(name))
    message = problem_of(name)
    assert "is missing" in message
    assert "Set the variable, or mount a secret file" in message


@pytest.mark.parametrize("name", sorted({*PRODUCTION} - {"profile"}))
def test_an_empty_variable_is_as_good_as_none(given: Given, name: str) -> None:
    """A line that nobody filled in (``ORCHESTRATOR_API_TOKEN=``) must not become an empty password."""
    given(**(PRODUCTION | {name: ""}))
    problem_of(name)


def test_production_names_everything_that_is_missing_at_once(given: Given) -> None:
    given(profile="production")
    with pytest.raises(ConfigurationError) as caught:
        read_settings()
    assert {item.field for item in caught.value.problems} == {
        f"ORCHESTRATOR_{name.upper()}" for name in PRODUCTION if name != "profile"
    }


# --- contradictions


@pytest.mark.parametrize(
    ("had", "lacks"), [("smtp_username", "smtp_password"), ("smtp_password", "smtp_username")]
)
def test_half_a_login(given: Given, had: str, lacks: str) -> None:
    given(**(PRODUCTION | {had: LOGIN[had]}))
    assert "Set both, or neither." in problem_of(lacks)


def test_a_password_does_not_go_over_an_unprotected_connection(given: Given) -> None:
    given(**(PRODUCTION | LOGIN), smtp_security="plain")
    assert "would send the password unprotected" in problem_of("smtp_security")


@pytest.mark.parametrize("lacks", ["imap_username", "imap_password"])
def test_a_mailbox_without_its_login(given: Given, lacks: str) -> None:
    given(**PRODUCTION, **{key: value for key, value in MAILBOX.items() if key != lacks})
    assert "ORCHESTRATOR_IMAP_HOST needs name and password" in problem_of(lacks)


def test_the_password_of_the_mailbox_does_not_go_over_an_unprotected_connection(given: Given) -> None:
    given(**PRODUCTION, **MAILBOX, imap_security="plain")
    assert "would send the password unprotected" in problem_of("imap_security")


@pytest.mark.parametrize(
    ("timeout", "seconds", "least"),
    [("smtp_timeout", "12", "162"), ("graph_timeout", "40", "180"), ("imap_timeout", "30", "225")],
)
def test_a_lease_is_longer_than_any_server_may_take(
    given: Given, timeout: str, seconds: str, least: str
) -> None:
    given(**PRODUCTION, **{timeout: seconds})
    assert f"Set at least {least}" in problem_of("lease_seconds")


def test_a_short_lease_is_found_in_the_sandbox_too(given: Given) -> None:
    given(lease_seconds="149.9")
    assert "(given: 149.9)" in problem_of("lease_seconds")


@pytest.mark.parametrize("tenant", ["ministry.example", "common", TENANT[:-1], f"{TENANT}\nx", f" {TENANT}"])
def test_a_tenant_is_a_guid(given: Given, tenant: str) -> None:
    given(**(PRODUCTION | {"graph_tenant_id": tenant}))
    with pytest.raises(ConfigurationError, match="ORCHESTRATOR_GRAPH_TENANT_ID: is not a GUID"):
        read_settings()


# --- values that cannot be read


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("profile", "prod"),
        ("port", "abc"),
        ("port", "-1"),
        ("port", "65536"),
        ("smtp_port", "smtp"),
        ("smtp_security", "ssl"),
        ("smtp_timeout", "0"),
        ("imap_port", "0"),
        ("imap_security", "ssl"),
        ("imap_timeout", "0"),
        ("poll_seconds", "4.9"),
        ("reply_subaddress", "perhaps"),
        ("propose_new_time", "sometimes"),
        ("graph_cloud", "moon"),
        ("graph_timeout", "soon"),
        ("attachment_max_bytes", "10MB"),
        ("batch_size", "51"),
        ("batch_size", "0"),
        ("max_claimed", "0"),
        ("lease_seconds", "-5"),
        ("beat_max_interval", "0"),
        ("worker_concurrency", "0"),
        ("log_level", "LOUD"),
    ],
)
def test_an_unreadable_value_is_named_and_shown(given: Given, name: str, value: str) -> None:
    given(**{name: value})
    assert f"(given: {value})" in problem_of(name)


def test_all_unreadable_values_are_named_at_once(given: Given) -> None:
    given(port="abc", log_level="LOUD")
    with pytest.raises(ConfigurationError) as caught:
        parse_settings()
    assert [item.field for item in caught.value.problems] == ["ORCHESTRATOR_PORT", "ORCHESTRATOR_LOG_LEVEL"]


# --- secrets


def test_secrets_are_not_in_the_text_of_the_settings(given: Given) -> None:
    given(**PRODUCTION, **LOGIN, **MAILBOX)
    settings = read_settings()
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
    assert SECRET not in settings.model_dump_json()


def test_every_production_setting_may_be_a_secret_file(given: Given, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    for name, value in {**PRODUCTION, **LOGIN, **MAILBOX}.items():
        file = secrets / f"orchestrator_{name}"
        file.write_text(f"{value}\n", "utf-8")
        file.chmod(0o400)
    given(secrets_dir=str(secrets))
    settings = read_settings()
    assert not settings.sandbox
    assert settings.smtp_password is not None
    assert settings.smtp_password.get_secret_value() == SECRET
    assert settings.imap_password is not None
    assert settings.imap_password.get_secret_value() == SECRET
    container = Container(settings)
    assert (container.api_token, container.link_key) == (SECRET, SECRET)


def test_an_empty_secret_file_is_as_good_as_none(given: Given, tmp_path: Path) -> None:
    file = tmp_path / "orchestrator_api_token"
    file.write_text("\n", "utf-8")
    file.chmod(0o400)
    given(secrets_dir=str(tmp_path), **without("api_token"))
    problem_of("api_token")


def test_a_variable_wins_over_a_secret_file(given: Given, tmp_path: Path) -> None:
    file = tmp_path / "orchestrator_api_token"
    file.write_text("from the file", "utf-8")
    file.chmod(0o400)
    given(secrets_dir=str(tmp_path), api_token="from the variable, which is long enough")
    assert Container(read_settings()).api_token == "from the variable, which is long enough"


def test_a_secret_file_contradicts_the_sandbox_as_a_variable_does(given: Given, tmp_path: Path) -> None:
    (tmp_path / "orchestrator_smtp_host").write_text("smtp.ministry.example", "utf-8")
    given(secrets_dir=str(tmp_path))
    problem_of("smtp_host")


@pytest.mark.parametrize("what", ["api_token", "link_key"])
def test_a_key_that_is_not_set_is_made_once_and_kept_for_the_owner_only(
    given: Given, tmp_path: Path, what: str
) -> None:
    given(data_dir=str(tmp_path / "data"))
    made = getattr(Container(read_settings()), what)
    assert len(made) >= 32
    assert getattr(Container(read_settings()), what) == made, "links signed before a restart stay good"
    file = tmp_path / "data" / what.replace("_", "-")
    assert (file.read_text("ascii").strip(), file.stat().st_mode & 0o077) == (made, 0)


# --- the mailbox that answers come to


def test_without_an_imap_server_production_reads_no_mailbox(given: Given, tmp_path: Path) -> None:
    given(**PRODUCTION, data_dir=str(tmp_path))
    container = Container(read_settings())
    assert (container.mailbox, container.inbox) == (None, None)


def test_the_sandbox_reads_its_own_mailbox(given: Given, tmp_path: Path) -> None:
    given(data_dir=str(tmp_path))
    container = Container(read_settings())
    assert container.mailbox is not None
    assert container.inbox is not None
    assert container.inbox.interval.total_seconds() == 60


# --- what the command line makes of it


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    values = {f"ORCHESTRATOR_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", *arguments],
        cwd=folder,
        env=os.environ | {"ORCHESTRATOR_SECRETS_DIR": str(folder / "no-secrets")} | values,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_command_ends_with_2_and_names_every_problem(tmp_path: Path) -> None:
    ended = run(tmp_path, "meeting", "list", **without("smtp_host"), smtp_password=SECRET)
    assert ended.returncode == 2
    assert ended.stdout == ""
    said = " ".join(ended.stderr.split())
    assert "Error: ORCHESTRATOR_SMTP_HOST: is missing" in said
    assert "Error: ORCHESTRATOR_SMTP_USERNAME: is missing" in said
    assert "Traceback" not in said
    assert SECRET not in said
    assert not list(tmp_path.iterdir()), "nothing may be written before the settings are well"


def test_an_unreadable_value_ends_with_2(tmp_path: Path) -> None:
    ended = run(tmp_path, "up", port="abc")
    assert ended.returncode == 2
    assert "Error: ORCHESTRATOR_PORT:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_up_refuses_production(tmp_path: Path) -> None:
    production = PRODUCTION | {"database_url": f"sqlite:///{tmp_path / 'production.db'}"}
    ended = run(tmp_path, "up", **production, data_dir=str(tmp_path / "data"))
    assert ended.returncode == 2
    assert "ORCHESTRATOR_PROFILE: is not the sandbox" in ended.stderr


def test_up_changes_nothing_before_the_data_files_are_well(tmp_path: Path) -> None:
    (tmp_path / "timelines").mkdir()
    of_version_0_1 = "{name: own, title: Own, steps: [{do: remind, at: PT1H before}]}"
    (tmp_path / "timelines" / "own.yaml").write_text(of_version_0_1)
    data = tmp_path / "data"
    ended = run(tmp_path, "up", timelines_dir=str(tmp_path / "timelines"), data_dir=str(data))
    assert ended.returncode == 2
    assert "own.yaml: steps[0].at: is not an offset any more; write '-PT1H'" in " ".join(ended.stderr.split())
    assert not (data / "run").exists(), "no process may have been started"
    assert not (data / "orchestrator.db").exists(), "no database may have been brought to a newer version"


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"port": "abc", "api_token": SECRET}, ["PORT"]),
        (without("api_token") | LOGIN | {"smtp_security": "plain"}, ["API_TOKEN", "SMTP_SECURITY"]),
    ],
    ids=["unreadable", "contradictory"],
)
def test_the_doctor_reports_them(tmp_path: Path, settings: dict[str, str], names: list[str]) -> None:
    ended = run(tmp_path, "doctor", "--json", **settings)
    assert ended.returncode == 2
    findings = json.loads(ended.stdout)
    assert {(item["part"], item["well"]) for item in findings} == {("settings", False)}
    assert [item["message"].split(":")[0] for item in findings] == [f"ORCHESTRATOR_{name}" for name in names]
    assert SECRET not in ended.stdout + ended.stderr


# --- parts


@pytest.mark.parametrize("part", [part for part in NEEDED if part != "all"])
def test_a_part_needs_its_own_secrets_only(given: Given, part: Part) -> None:
    given(**{name: value for name, value in PRODUCTION.items() if name in NEEDED[part]})
    given(profile="production", organizer_address=PRODUCTION["organizer_address"], part=part)
    # What another part logs in with is no business of this one.
    if part == "web":
        given(imap_host="imap.ministry.example", smtp_username="meetings")
    assert read_settings().part == part


@pytest.mark.parametrize("part", list(NEEDED))
def test_a_part_that_lacks_a_secret_of_its_own_says_so(given: Given, part: Part) -> None:
    needed = sorted(NEEDED[part])
    for lacking in needed:
        found = settings_problems(
            Settings(**{**PRODUCTION, "part": part, lacking: None})  # type: ignore[arg-type] # Wrong on purpose.
        )
        assert f"ORCHESTRATOR_{lacking.upper()}" in [item.field for item in found]


def test_doctor_wants_every_secret(given: Given) -> None:
    given(**PRODUCTION, part="web")
    (finding,) = doctor.examine()
    assert not finding.well
    assert "docker compose run --rm doctor" in finding.message
