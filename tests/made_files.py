"""Small files of every type that is taken, and what turns one into a file that is not."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO

OFFICE = "application/vnd.openxmlformats-officedocument"
OPEN = "application/vnd.oasis.opendocument"


def archive(parts: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """An archive of these parts; ``mimetype`` is stored, as ODF wants it."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as out:
        for name, content in parts.items():
            out.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else method)
    return made.getvalue()


def office_parts(main: str = "wordprocessingml.document", folder: str = "word") -> dict[str, bytes]:
    """The parts of a document of Office Open XML."""
    types = f'<Types><Override PartName="/{folder}/main.xml" ContentType="{OFFICE}.{main}.main+xml"/></Types>'
    return {"[Content_Types].xml": types.encode(), f"{folder}/main.xml": b"<main>text</main>" * 50}


def open_parts(kind: str = "text") -> dict[str, bytes]:
    """The parts of an OpenDocument file."""
    return {
        "mimetype": f"{OPEN}.{kind}".encode(),
        "content.xml": b"<office>text</office>",
        "META-INF/manifest.xml": b"<manifest/>",
    }


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(wide: int = 2, high: int = 2) -> bytes:
    head = struct.pack(">IIBBBBB", wide, high, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(b"x"))
        + chunk(b"IEND", b"")
    )


PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
PNG = png()
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x01" * 40 + b"\xff\xd9"
TEXT = "Biên bản họp\r\n\tmục 1\n".encode()
DOCX = archive(office_parts())
XLSX = archive(office_parts("spreadsheetml.sheet", "xl"))
PPTX = archive(office_parts("presentationml.presentation", "ppt"))
ODT, ODS, ODP = (archive(open_parts(kind)) for kind in ("text", "spreadsheet", "presentation"))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600
