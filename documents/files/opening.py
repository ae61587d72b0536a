"""Opening what others send: size, emptiness, encoding and binary content are settled before any parsing."""

import codecs
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from documents.files.findings import refuse
from domain.errors import NotFoundError, UsageError

DOCUMENT_BYTES = 20 * 2**20
"""A file that holds one document is read whole, so it has an upper size; some forms have a smaller one."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CHUNK = 2**16


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The file for reading; NotFoundError when there is none, UsageError when it cannot be read."""
    try:
        if path.is_dir():
            raise UsageError(f"{path} is a folder", "name one file in it")
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise NotFoundError(f"no such file: {path}", "check the path") from None
    except PermissionError:
        raise UsageError(f"{path} may not be read", "check its permissions") from None
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "check the path") from None


def read_document(path: Path, limit: int = DOCUMENT_BYTES) -> bytes:
    """All bytes of a file that holds one document; refused by its size before it is read."""
    with opened(path) as file:
        if path.is_file() and path.stat().st_size > limit:
            raise too_large(path, path.stat().st_size, limit)
        data = file.read(limit + 1)
    if len(data) > limit:
        raise too_large(path, len(data), limit)
    if not data.strip():
        raise refuse(str(path), 0, "file", "is empty", "send the document itself")
    return data


def too_large(path: Path, size: int, limit: int = DOCUMENT_BYTES) -> UsageError:
    problem = f"has {size:,} bytes, more than one document may have ({limit // 2**20} MiB)"
    return refuse(str(path), 0, "file", problem, "send many orders as CSV or JSON Lines")


def encoding_of(start: bytes) -> str:
    """The encoding that the first bytes mark; UTF-8 without a mark."""
    return next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8")


def decode(data: bytes, file: str) -> str:
    """The text of a document: UTF-8 or marked UTF-16; refused with the line of the first wrong byte."""
    encoding = encoding_of(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise wrong_encoding(file, data[: error.start].count(b"\n") + 1, encoding) from None
    refuse_binary(text, file)
    return text


def refuse_binary(text: str, file: str) -> None:
    place = text.find("\0")
    if place >= 0:
        line = text.count("\n", 0, place) + 1
        raise refuse(file, line, "file", "holds a NUL byte: it is no text", "send it as UTF-8 text")


def wrong_encoding(file: str, line: int, encoding: str) -> UsageError:
    remedy = "save it as UTF-8, or name its encoding in a map"
    return refuse(file, line, "file", f"is not {encoding.upper()} text", remedy)


def fitting_encoding(path: Path, encodings: Sequence[str]) -> str:
    """The first of the encodings in which the whole file can be read, found in flat memory."""
    with opened(path) as file:
        start = file.read(4)
    marked = encoding_of(start)
    if marked != "utf-8":
        return marked
    for encoding in encodings:
        if _reads_as(path, encoding):
            return encoding
    raise refuse(
        str(path), 0, "file", f"is not {' nor '.join(encodings)} text", "name its encoding in the map"
    )


def _reads_as(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with opened(path) as file:
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


@contextmanager
def opened_text(path: Path, encodings: Sequence[str] = ("utf-8",)) -> Iterator[TextIO]:
    """The file as text, line by line, with line ends as they stand."""
    with opened(path) as file:
        start = file.read(_CHUNK)
    if not start.strip():
        raise refuse(str(path), 0, "file", "is empty", "send the document itself")
    encoding = fitting_encoding(path, encodings) if len(encodings) > 1 else encoding_of(start)
    if len(encodings) == 1 and encoding == "utf-8":
        encoding = encodings[0]
    if b"\0" in start and not encoding.startswith("utf-16"):
        raise refuse(str(path), 0, "file", "holds NUL bytes: it is no text", "send it as UTF-8 text")
    with opened(path), path.open(encoding=encoding, newline="") as text:
        yield text


def text_of_bank(data: bytes) -> str:
    """UTF-8, else Windows letters: banks mix them."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
