"""What would let strangers in is refused at the start, by name and with its remedy."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import Settings
from orchestrator.bootstrap import container as the_container
from orchestrator.bootstrap import make_private, settings_problems
from orchestrator.bootstrap.container import Container
from orchestrator.errors import ConfigurationError
from tests.integration.operations.test_settings import PRODUCTION

GOOD = "0123456789abcdef" * 2


def problems(**changes: str) -> dict[str, str]:
    """What is wrong with settings of a production, by field."""
    found = settings_problems(Settings.model_validate(PRODUCTION | changes))
    assert all(item.remedy for item in found)
    return {item.field.removeprefix("ORCHESTRATOR_").lower(): str(item) for item in found}


def sandbox_problems(**changes: str) -> dict[str, str]:
    found = settings_problems(Settings.model_validate(changes))
    return {item.field.removeprefix("ORCHESTRATOR_").lower(): str(item) for item in found}


@pytest.fixture(autouse=True)
def no_secret_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("ORCHESTRATOR_SECRETS_DIR", str(tmp_path / "secrets"))
    return tmp_path / "secrets"


# Secrets


@pytest.mark.parametrize("name", ["api_token", "link_key"])
@pytest.mark.parametrize(
    "value", ["x", GOOD[:31], GOOD[:31] + " ", " " * 40, GOOD + "\n" + GOOD, GOOD + "é", GOOD + "\x00"]
)
def test_production_refuses_what_can_be_guessed(name: str, value: str) -> None:
    found = problems(**{name: value})
    assert set(found) == {name}
    assert "openssl rand -hex 32" in found[name]
    assert GOOD[:20] not in found[name]


@pytest.mark.parametrize("name", ["api_token", "link_key"])
def test_thirty_two_characters_are_enough(name: str) -> None:
    assert problems(**{name: GOOD}) == {}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o660, 0o777, 0o440])
def test_production_refuses_a_secret_file_that_others_can_read(no_secret_files: Path, mode: int) -> None:
    no_secret_files.mkdir()
    file = no_secret_files / "orchestrator_smtp_password"
    file.write_text("x")
    file.chmod(mode)
    (no_secret_files / "orchestrator_smtp_host").write_text("no secret")
    (no_secret_files / "postgres_password").write_text("not ours")
    found = problems()
    assert set(found) == {"smtp_password"}
    assert f"chmod 400 {file}" in found["smtp_password"]
    for private in (0o400, 0o600):
        file.chmod(private)
        assert problems() == {}


def test_every_secret_setting_is_known_as_one(no_secret_files: Path) -> None:
    no_secret_files.mkdir()
    secret = {name for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert {"api_token", "link_key", "smtp_password", "database_url", "graph_client_secret"} <= secret
    for name in secret:
        (no_secret_files / f"Orchestrator_{name}").write_text("x")
        (no_secret_files / f"Orchestrator_{name}").chmod(0o644)
    assert set(problems()) == secret


# Addresses


@pytest.mark.parametrize(
    "url", ["http://meetings.example.org", "ftp://meetings.example.org", "HTTP://meetings.example.org"]
)
def test_production_refuses_a_public_address_that_is_not_https(url: str) -> None:
    found = problems(public_url=url)
    assert "is not HTTPS" in found["public_url"]
    assert "TLS" in found["public_url"]


@pytest.mark.parametrize(
    "url",
    [
        "meetings.example.org",
        "https://",
        "https:///path",
        "https://user:password@meetings.example.org",
        "https://user@meetings.example.org",
        "https://meetings.example.org/orchestrator",
        "https://meetings.example.org?x=1",
        "https://meetings.example.org#x",
        "https://meetings.example.org:99999",
        "https://meetings.example.org:x",
        "https://meetings example.org",
        "https://[::1",
        "https://*.example.org",
        "https://mee\u200btings.example.org",
        "https://é.example.org",
        "javascript:alert(1)",
    ],
)
def test_a_public_address_that_is_none_is_refused_and_not_repeated(url: str) -> None:
    for found in (problems(public_url=url), sandbox_problems(public_url=url)):
        assert set(found) == {"public_url"}
        assert "password" not in found["public_url"]


@pytest.mark.parametrize(
    "url",
    ["https://meetings.example.org", "https://m.example:8443/", "https://[2001:db8::1]", "HTTPS://M.EXAMPLE"],
)
def test_a_public_address_that_is_https_is_taken(url: str) -> None:
    assert problems(public_url=url) == {}


@pytest.mark.parametrize("hosts", ["*", "a.example,*", " * ", "*.", "*.org", "*example.org", "**"])
def test_no_profile_answers_to_every_host(hosts: str) -> None:
    assert set(problems(allowed_hosts=hosts)) == {"allowed_hosts"}
    assert set(sandbox_problems(allowed_hosts=hosts)) == {"allowed_hosts"}


@pytest.mark.parametrize(
    "hosts", ["https://a.example", "a.example:8000", "a b", "a.example/x", "é.example", "-a"]
)
def test_a_host_that_is_none_is_refused(hosts: str) -> None:
    assert set(problems(allowed_hosts=hosts)) == {"allowed_hosts"}


def test_hosts_and_domains_are_taken() -> None:
    hosts = "meetings, meetings.internal.example.org,*.example.org, 192.0.2.7,[2001:db8::1],web_1,"
    assert problems(allowed_hosts=hosts) == {}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "meetings.example.org"])
def test_the_sandbox_answers_on_this_machine_only(host: str) -> None:
    found = sandbox_problems(host=host)
    assert "asks nobody to sign in" in found["host"]
    assert "ORCHESTRATOR_PROFILE=production" in found["host"]
    assert "host" not in problems(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_the_sandbox_takes_every_name_of_this_machine(host: str) -> None:
    assert sandbox_problems(host=host) == {}


@pytest.mark.parametrize(
    "proxies", ["*", "0.0.0.0/0", "::/0", "proxy", "10.0.0.1, *", "10.0.0.0/99", "https://x"]
)
def test_not_everybody_is_a_proxy(proxies: str) -> None:
    assert set(problems(trusted_proxies=proxies)) == {"trusted_proxies"}


def test_proxies_and_their_networks_are_taken() -> None:
    assert problems(trusted_proxies="127.0.0.1, 172.16.0.0/12,::1, 2001:db8::/64") == {}


# Files


def modes(folder: Path) -> dict[str, int]:
    found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    return found | {".": stat.S_IMODE(folder.stat().st_mode)}


def open_to_all(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for name in ("orchestrator.db", "orchestrator.db-wal", "orchestrator.db-queue", "api-token", "link-key"):
        (folder / name).touch()
        (folder / name).chmod(0o666)
    for name in ("documents", "outbox"):
        (folder / name).mkdir()
        (folder / name).chmod(0o777)
    folder.chmod(0o755)


def test_what_an_older_version_left_open_is_tightened(tmp_path: Path) -> None:
    data = tmp_path / "data"
    open_to_all(data)
    make_private(data)
    found = modes(data)
    assert {found[name] for name in (".", "documents", "outbox")} == {0o700}
    assert {mode for name, mode in found.items() if name not in (".", "documents", "outbox")} == {0o600}


def test_each_process_tightens_at_its_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_secret_files: Path
) -> None:
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere.db"
    open_to_all(data)
    for name in ("elsewhere.db", "elsewhere.db-wal"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    monkeypatch.setenv("ORCHESTRATOR_DATA_DIR", str(data))
    monkeypatch.setenv("ORCHESTRATOR_DATABASE_URL", f"sqlite:///{elsewhere}")
    the_container.cache_clear()
    try:
        assert the_container().database.file == elsewhere
    finally:
        the_container.cache_clear()
    assert all(mode & 0o077 == 0 for mode in modes(data).values())
    assert {
        stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("elsewhere.db", "elsewhere.db-wal")
    } == {0o600}


def test_a_new_database_is_for_its_owner_only_whatever_the_shell_leaves_out(tmp_path: Path) -> None:
    data = tmp_path / "data"
    before = os.umask(0o077)
    try:
        container = Container(Settings(data_dir=data))
        container.database.upgrade()
        container.database.dispose()
        assert container.api_token
    finally:
        os.umask(before)
    assert len(modes(data)) >= 3
    assert all(mode & 0o077 == 0 for mode in modes(data).values())


def test_what_cannot_be_tightened_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    open_to_all(data)

    def refuse(*_: object) -> None:
        raise PermissionError

    keep: Callable[..., None] = lambda *_: None  # noqa: E731 - a file system without permissions.
    for chmod in (refuse, keep):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "chmod", chmod)
            with pytest.raises(ConfigurationError, match="can be read by others") as caught:
                make_private(data)
            assert "chmod -R go=" in caught.value.problems[0].remedy


def test_a_folder_that_is_everybodys_is_left_as_it_is(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    with pytest.raises(ConfigurationError):
        make_private(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


def test_a_link_in_the_folder_leads_to_no_change_elsewhere(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)
    data = tmp_path / "data"
    data.mkdir()
    (data / "documents").symlink_to(elsewhere)
    (data / "api-token").symlink_to(tmp_path / "nowhere")
    make_private(data)
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o755
