"""Landing without a hub: what any pipeline must do with the rows, in plain Python; and its steps one by one."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import orjson
import pyarrow as pa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connectors.base import Connection, Stream
from connectors.pages import Page
from hub.keys import KeyRing
from hub.lake import Lake, Writer
from hub.reading import numbers
from hub.reading.batch import RANDOM, Batch
from hub.reading.digests import Digests
from hub.reading.identity import Linkage
from hub.reading.page_reader import PageReader
from hub.reading.rows import SEALED_SCHEMA, RowReader, child_schemas
from hub.reading.values import Codes
from hub.sealing import Sealer

Hash = Callable[[bytes], str]


def fetch(connection: Connection, stream: Stream) -> Iterator[bytes]:
    """The bodies of all pages."""
    with httpx.Client(base_url=connection.url or "", trust_env=False) as client:
        number, pages = 0, 1
        while number < pages:
            number += 1
            asked = {"infno": "1101", "input": {"page_num": number, "page_size": 1_000}}
            body = client.post(stream.transport.path, content=orjson.dumps(asked)).content
            pages = yield body  # the caller says how many there are


def pipeline(connection: Connection, stream: Stream, ring: KeyRing) -> None:
    """Fetch, decode, hash, seal and write."""
    with tempfile.TemporaryDirectory() as folder:
        sink = Sink(Lake(Path(folder)), stream, ring)
        bodies = fetch(connection, stream)
        body = next(bodies)
        try:
            while True:
                told = orjson.loads(body)["output"]
                sink.write(told["baseinfo"])
                body = bodies.send(told["pages"])
        except StopIteration:
            sink.finish()


class Sink:
    """Hashes, seals and writes rows as they come, every value as the text it is."""

    def __init__(self, lake: Lake, stream: Stream, ring: KeyRing) -> None:
        self._plain = [f.name for f in stream.fields if f.sealed is None]
        self._lists = {child.name: [f.name for f in child.fields] for child in stream.children}
        head = ["line", "mac", "name_mac", "name_masked", "record_digest"]
        schema = pa.schema([(name, pa.int32() if name == "line" else pa.string()) for name in (*head, *self._plain)])
        self._lines = 0
        self._rows = Writer(lake, "rows", schema, random=RANDOM)
        self._children = {
            name: Writer(lake, "rows", pa.schema([("line", pa.int32()), *((field, pa.string()) for field in fields)]))
            for name, fields in self._lists.items()
        }
        self._sealed = Writer(lake, "sealed", SEALED_SCHEMA, random=SEALED_SCHEMA.names)
        self._hash, self._name = hmac(ring.derive("mac", "v1")), hmac(ring.derive("name", "v1"))
        self._cipher, self._head = AESGCM(ring.derive("seal")), b"\x01" + ring.key_id.encode()
        self._waiting: list[tuple[list, list, dict[str, list]]] = []

    def write(self, rows: list[dict]) -> None:
        rows_of, blobs = [], []
        items: dict[str, list] = {name: [] for name in self._lists}
        for line, row in enumerate(rows, self._lines + 1):
            mac = self._hash(f"resident_id|{row['certno']}".encode())
            name = row["psn_name"]
            digest = hashlib.sha256(orjson.dumps(row)).hexdigest()
            plain = [row.get(field) for field in self._plain]
            rows_of.append((line, mac, self._name(f"{mac}|{name}".encode())[:32], name[:1] + "*", digest, *plain))
            for child, fields in self._lists.items():
                for item in row.get(child) or ():
                    items[child].append((line, *(None if (v := item.get(f)) is None else str(v) for f in fields)))
            nonce = os.urandom(12)
            secret = orjson.dumps({"certno": row["certno"], "psn_name": name, "tel": row["tel"]})
            blobs.append((line, self._head + nonce + self._cipher.encrypt(nonce, secret, b"place")))
        self._lines += len(rows)
        self._waiting.append((rows_of, blobs, items))
        if len(self._waiting) == 20:
            self._flush()

    def finish(self) -> None:
        self._flush()
        for writer in (self._rows, self._sealed, *self._children.values()):
            writer.finish()

    def _flush(self) -> None:
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        _append(self._rows, [row for rows, _, _ in waiting for row in rows])
        _append(self._sealed, [blob for _, blobs, _ in waiting for blob in blobs])
        for name, writer in self._children.items():
            _append(writer, [item for _, _, items in waiting for item in items[name]])


def _append(writer: Writer, rows: list[tuple]) -> None:
    if rows:
        columns = zip(*rows, strict=True)
        arrays = [pa.array(column, field.type) for column, field in zip(columns, writer.schema, strict=True)]
        writer.append_table(pa.Table.from_arrays(arrays, schema=writer.schema))


def hmac(key: bytes) -> Hash:
    """HMAC-SHA-256 by copied states (lessons.md 18: the fastest way there is in Python)."""
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in key.ljust(64, b"\0")))
    outer = hashlib.sha256(bytes(b ^ 0x5C for b in key.ljust(64, b"\0")))

    def mac(message: bytes) -> str:
        first, second = inner.copy(), outer.copy()
        first.update(message)
        second.update(first.digest())
        return second.hexdigest()

    return mac


def steps(
    connection: Connection, bodies: list[bytes], stream: Stream, codes: Codes, linkage: Linkage, ring: KeyRing
) -> dict[str, Callable[[], object]]:
    """Each step of landing over the pages of `bodies`, and the library's own speed where it is another's."""
    pages = [orjson.loads(body) for body in bodies]
    columns = [Page.of(rows, range(1, len(rows) + 1)) for rows in pages]
    reader = RowReader(stream, codes, linkage)
    read = [reader.read(page)[0] for page in columns]
    clean = [[n for n in page.columns["certno"] if len(n) == numbers.LENGTH and n.isascii()] for page in columns]
    joined = ["".join(column).encode() for column in clean]
    contents = [list(rows.contents()) for rows in read]
    cipher, nonce = AESGCM(bytes(32)), bytes(12)
    mac, sealer = hmac(bytes(32)), Sealer(ring, "a/b")

    def write() -> None:
        with tempfile.TemporaryDirectory() as folder:
            lake = Lake(Path(folder))
            schemas = {"": reader.schema} | child_schemas(stream)
            for at, schema in enumerate(schemas.values()):
                writer = Writer(lake, "rows", schema, random=RANDOM)
                batches = [rows.table if not at else rows.children[at - 1].table for rows in read]
                writer.append_table(pa.Table.from_batches(batches).combine_chunks())
                writer.finish()

    def take() -> None:
        with tempfile.TemporaryDirectory() as folder:
            lake = Lake(Path(folder))
            batch = Batch(reader=PageReader(RowReader(stream, codes, linkage), sealer), lake=lake, known=())
            for page in columns:
                batch.take(batch.reader.read(page))
            batch.finish()

    def fetched() -> None:
        asked = fetch(connection, stream)
        next(asked)
        for _ in bodies[1:]:
            asked.send(len(bodies))
        asked.close()

    def dig() -> None:
        seen = Digests()
        for rows in read:
            seen.add(rows.keys)

    return {
        "httpx": fetched,
        "orjson": lambda: [None for body in bodies if orjson.loads(body) is None],
        "columns (Page.of)": lambda: [None for rows in pages if Page.of(rows, range(len(rows))) is None],
        "check digits and births": lambda: [numbers.read(column) for column in joined],
        "MAC: hashlib's copies": lambda: [[mac(b"resident_id|" + n.encode()) for n in column] for column in clean],
        "MAC": lambda: [linkage.macs(column, "resident_id") for column in clean],
        "seal: AESGCM": lambda: [[cipher.encrypt(nonce, one, b"a/b") for one in column] for column in contents],
        "seal": lambda: [sealer.seal_all(column, len(column)) for column in contents],
        "digest: SHA-256 of JSON": lambda: [
            [hashlib.sha256(orjson.dumps(row)).digest() for row in rows] for rows in pages
        ],
        "digests seen": dig,
        "check, type and hash": lambda: [None for page in columns if reader.read(page) is None],
        "Parquet (no seals)": write,
        "all but fetch and decode": take,
    }
