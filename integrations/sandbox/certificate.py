"""The sandbox's own TLS certificate.

It signs itself, so that trusting its file means trusting this one key and nobody's signature. It
carries what strict checks ask for (RFC 5280 §4.2.1; the default since Python 3.13).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from integrations.sandbox.atomic_file import replace_file

_VALID = timedelta(days=365)
_RENEW_BEFORE = timedelta(days=30)
_EARLIER = timedelta(days=1)
"""The certificate begins in the past, so that a clock that is a little slow does not refuse it."""


def certificate_file(folder: Path) -> Path:
    """Return where the certificate lies; it is also the CA file for clients."""
    return folder / "sandbox-certificate.pem"


def key_file(folder: Path) -> Path:
    """Return where its private key lies."""
    return folder / "sandbox-key.pem"


def ensure_certificate(folder: Path, now: datetime) -> None:
    """Make key and certificate for ``localhost`` and 127.0.0.1 unless good ones lie in ``folder``.

    ``now`` is the machine's time (aware, UTC), not the sandbox's: clients check by the machine's.
    """
    if _usable(folder, now):
        return
    key = ec.generate_private_key(ec.SECP256R1())
    replace_file(
        key_file(folder),
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    )
    replace_file(certificate_file(folder), _self_signed(key, now).public_bytes(serialization.Encoding.PEM))


def _usable(folder: Path, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file(folder).read_bytes())
        key = serialization.load_pem_private_key(key_file(folder).read_bytes(), password=None)
    except (OSError, ValueError):
        return False
    lasts = certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - _RENEW_BEFORE
    # A crash between the two files leaves a key that is not the certificate's.
    return lasts and certificate.public_key() == key.public_key()


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Meeting orchestrator sandbox")])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    hosts = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1"))])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now - _EARLIER + _VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signatures_only(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(hosts, critical=False)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False
        )
        .sign(key, hashes.SHA256())
    )


def _signatures_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
