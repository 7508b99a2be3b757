"""Check a proof of aidgraph's access log with nothing of aidgraph: python check_proof.py KEY < proof.json

KEY is what `aidgraph log key` printed, handed over once; the proof is what `aidgraph log prove` printed.
It needs Python and the package `cryptography`. Exit code 0: the proof holds.
"""

# ruff: noqa: T201 - it reports on standard output

import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def need(*true):
    if not all(true):
        raise ValueError("the proof does not hold")


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def opened(note, key):  # C2SP signed note over a tlog-checkpoint: the size and the tree head that were signed
    name, key_hash, public = key.split("+", 2)
    public = base64.b64decode(public, validate=True)
    need(public[:1] == b"\x01", hashlib.sha256(name.encode() + b"\n" + public).hexdigest()[:8] == key_hash)
    body, _, signature = note.partition("\n\n")
    origin, size, root = body.split("\n")
    blob = base64.b64decode(signature.removeprefix(f"— {name} ").removesuffix("\n"), validate=True)
    need(origin == name, blob[:4].hex() == key_hash, signature == f"— {name} {base64.b64encode(blob).decode()}\n")
    Ed25519PublicKey.from_public_bytes(public[1:]).verify(blob[4:], f"{body}\n".encode())
    return int(size), base64.b64decode(root, validate=True)


def included(index, size, leaf, path, root):  # RFC 9162, 2.1.3.2
    need(0 <= index < size)
    first, last, head = index, size - 1, hashlib.sha256(b"\x00" + leaf).digest()
    for other in path:
        need(last > 0)
        if first & 1 or first == last:
            head = node(other, head)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            head = node(head, other)
        first, last = first >> 1, last >> 1
    need(last == 0, head == root)


def continued(old, new, path, old_root, new_root):  # RFC 9162, 2.1.4.2
    if old in (0, new):  # every log continues the empty one, and itself
        need(not path, old_root == (new_root if old else hashlib.sha256(b"").digest()))
        return
    need(0 < old < new, path)
    path = [old_root, *path] if old & (old - 1) == 0 else path
    first, last = old - 1, new - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    before = after = path[0]
    for other in path[1:]:
        need(last > 0)
        if first & 1 or first == last:
            before, after = node(other, before), node(other, after)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            after = node(after, other)
        first, last = first >> 1, last >> 1
    need(last == 0, before == old_root, after == new_root)


def check(key, text):
    told = json.loads(text)
    need(told.pop("form") == 1)
    size, root = opened(told.pop("checkpoint"), key)
    path = [bytes.fromhex(head) for head in told.pop("proof")]
    kind = told.pop("kind")
    if kind == "inclusion":
        index, leaf = told.pop("index"), told.pop("leaf")
        included(index, size, leaf.encode(), path, root)
        holds = f"The entry is number {index + 1} of the {size} signed: {leaf}"
    else:
        need(kind == "consistency")
        old_size, old_root = opened(told.pop("old"), key)
        continued(old_size, size, path, old_root, root)
        holds = f"The log of {size} entries begins with the {old_size} that were signed before."
    need(not told)
    return holds


if __name__ == "__main__":
    print(check(sys.argv[1], sys.stdin.buffer.read().decode()))
