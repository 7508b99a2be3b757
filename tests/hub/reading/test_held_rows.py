"""Rows for quarantine in the making: whole and in order however many, sealed on disk, and gone with the process."""

from __future__ import annotations

import errno
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.reading import held_rows
from hub.reading.held_rows import Held, HeldRows

rows = st.builds(
    Held,
    line=st.integers(1, 2**31 - 1),
    reason=st.sampled_from(["bad_date", "unknown_code"]),
    field=st.sampled_from(["", "begin", "行"]),
    digest=st.text(max_size=3),
    mac=st.none() | st.just("k.1"),
    sealed=st.binary(max_size=5),
)


@settings(max_examples=30)
@given(pages=st.lists(st.lists(rows, max_size=4), max_size=8), kept=st.integers(1, 6))
def test_rows_come_back_as_they_were_added_however_few_stay_in_memory(tmp_path_factory, pages, kept):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(held_rows, "KEPT", kept)
        made = HeldRows(tmp_path_factory.getbasetemp())
        for page in pages:
            made.extend(page)
        told = [row for page in pages for row in page]
        assert list(made) == list(made) == told
        assert len(made) == len(told)
        assert made.nobody == sum(row.mac is None for row in told)
        assert made.by_reason == {
            r: n for r in ("bad_date", "unknown_code") if (n := [t.reason for t in told].count(r))
        }
        assert len(made._recent) < kept + max(map(len, pages), default=0)
        made.close()


def test_what_is_kept_on_disk_has_no_name_and_a_full_disk_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(held_rows, "KEPT", 1)
    row = Held(line=1, reason="bad_date", field="begin", digest="d", mac=None, sealed=b"x")
    made = HeldRows(tmp_path)
    made.extend([row])
    assert made._recent == []
    assert list(tmp_path.iterdir()) == []

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        made.extend([row])
    made.close()
