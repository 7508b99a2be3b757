"""A hub with one department: monthly lists of 低保 recipients dropped as files, and a configuration that can change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from connectors.base import discover
from hub import keys, match, months, settings, store, tables
from hub.deployment import Deployment, open_deployment
from hub.engine import DuckDB
from hub.gather import gather
from hub.inputs import silent
from hub.land import BatchReport, Landing
from hub.landing import ledger
from hub.landing.quarantine import Filter
from hub.landing.replay import ReplayReport, replay
from hub.landing.snapshot import GONE
from hub.reading.identity import check_digit

HEADER = "救助类别,城乡类别,救助证号,姓名,身份证号,与户主关系,是否保障对象,起始保障年月,终止保障年月,认定日期,区划代码"
STRANGE = "没有的类别"


def number(order: int) -> str:
    """The ID number of the person with this order number (0 to 999)."""
    head = f"37030219800101{order:03d}"
    return head + check_digit(head)


def line(order: int, kind: str = "农村低保", certno: str | None = None, certified: str = "2025-01-10") -> str:
    """A recipient's row."""
    return f"{kind},农村,Z{order},张{order},{certno or number(order)},户主,是,2025-01,3000-12,{certified},370302001"


class Lists:
    """Drop lists, pull them, compute months and look at what follows; the deployment is opened for each step."""

    def __init__(self, folder: Path, config: Path, url: str) -> None:
        self.folder, self.drops = folder, folder / "drops"
        self._deployment: Deployment | None = None
        self.drops.mkdir(parents=True)
        keys.save(keys.make(), folder / "keys.json")
        shutil.copytree(config, folder / "config", ignore=shutil.ignore_patterns("demo"))
        (folder / "aidgraph.toml").write_text(
            f'store = "{url}"\nkeys = "{folder / "keys.json"}"\nconfig = "{folder / "config"}"\n'
            f'[source.civil_affairs]\nfolder = "{self.drops}"\n'
        )

    @contextmanager
    def open(self) -> Iterator[Deployment]:
        """The deployment, kept until its configuration changes."""
        if self._deployment is None:
            self._deployment = open_deployment(settings.load(data=self.folder, environment={}))
        yield self._deployment

    def close(self) -> None:
        """Forget the deployment; the next step opens it again."""
        if self._deployment is not None:
            self._deployment.engine.dispose()
        self._deployment = None

    def drop(self, stamp: str, rows: Sequence[str], stream: str = "recipients", header: str = HEADER) -> None:
        text = "\n".join([header, *rows]) + "\n"
        (self.drops / f"{stream}_{stamp}.csv").write_text(text, encoding="gb18030")

    def pull(self) -> list[BatchReport]:
        source = next(source for source in discover() if source.name == "civil_affairs")
        with self.open() as deployment:
            landing = Landing(
                engine=deployment.engine,
                lake=deployment.lake,
                linkage=deployment.linkage,
                codes=deployment.config.codes,
                ring=deployment.ring,
            )
            return list(landing.pull(source, deployment.settings.connection(source.name), silent))

    def land(self, stamp: str, rows: Sequence[str]) -> BatchReport:
        """Drop a list of recipients and pull it."""
        self.drop(stamp, rows)
        (report,) = self.pull()
        return report

    def learn(self, word: str = STRANGE, category: str = "dibao") -> None:
        """Let the configuration know a word of the department."""
        path = self.folder / "config" / "mappings" / "nation" / "civil_affairs.toml"
        text = path.read_text(encoding="utf-8")
        text = text.replace("[assistance_type]\n", f'[assistance_type]\n"{word}" = "{category}"\n', 1)
        path.write_text(text, encoding="utf-8")
        self.close()

    def replay(self, **wanted: Any) -> list[ReplayReport]:
        with self.open() as deployment:
            return list(replay(deployment, Filter(**wanted), silent, actor="王", reason="the word is known now"))

    def compute(self, month: str) -> months.MonthReport:
        with self.open() as deployment:
            return months.compute(deployment, month, silent)

    def spells(self, month: str = "2025-09") -> dict[int, tuple[date, date]]:
        """From when until when each person's categories run in a month, by the person's order number."""
        rows = self.matched(month)
        return {orders: (row["valid_from"], row["valid_until"]) for orders, row in rows}

    def matched(self, month: str = "2025-09") -> list[tuple[int, dict[str, Any]]]:
        """The category spells that the stage match makes for a month, each with the person's order number."""
        with self.open() as deployment:
            with deployment.engine.connect() as connection:
                batches = ledger.visible(connection, months.month_bounds(month)[1] + months.GRACE)
            inputs = gather(deployment, month, {"batches": batches, "decisions": 0}, silent)
            orders = {deployment.linkage.identify(number(order)).mac: order for order in range(60)}
            known = {row["person_id"]: orders[row["mac"]] for row in inputs.alias.to_pylist()}
            with DuckDB() as engine:
                match.load(engine, inputs)
                match.match(engine)
                rows = engine.fetch(tables.CATEGORY_SPELL).to_pylist()
        return [(known[row["person_id"]], row) for row in rows]

    def query(self, statement: sa.Select[Any]) -> list[Any]:
        with self.open() as deployment, deployment.engine.connect() as connection:
            return list(connection.execute(statement).all())

    def states(self) -> dict[tuple[int, int], str]:
        """Where each row of quarantine stands; the history says the same."""
        q, c = store.quarantine.c, store.quarantine_change.c
        stands = {(r.batch_id, r.line): r.state for r in self.query(sa.select(q.batch_id, q.line, q.state))}
        told = {(r.batch_id, r.line): r.state for r in self.query(sa.select(c).order_by(c.seq))}
        assert stands == dict.fromkeys(stands, "open") | told
        return stands

    def conserved(self) -> None:
        """Every batch adds up, its files and its quarantine hold what it says, and no row is in two places."""
        q = store.quarantine.c
        held: dict[int, set[int]] = {}
        for row in self.query(sa.select(q.batch_id, q.line)):
            held.setdefault(row.batch_id, set()).add(row.line)
        places: list[tuple[int, int]] = []
        with self.open() as deployment:
            for batch in self.query(sa.select(store.batch)):
                assert batch.read == batch.accepted + batch.quarantined + batch.duplicates
                standing = held.get(batch.base, set())
                if standing:
                    standing = standing - set(deployment.lake.read("rows", batch.parts[GONE])["line"].to_pylist())
                assert len(held.get(batch.batch_id, ())) + len(standing) == batch.quarantined
                assert deployment.lake.read("rows", batch.parts[""]).num_rows == batch.accepted - batch.unchanged
                assert deployment.lake.read("sealed", batch.sealed_part).num_rows == batch.accepted - batch.unchanged
                if batch.state != "refused":
                    places += [(batch.part_of or batch.batch_id, at) for at in self.lines(batch.parts[""])]
        open_rows = sa.select(q.batch_id, q.line).where(q.state != "replayed")
        places += [tuple(row) for row in self.query(open_rows)]
        assert len(places) == len(set(places))  # no row is in two places

    def lines(self, part: str) -> list[int]:
        """The lines of the rows in a file of the lake."""
        with self.open() as deployment:
            found: list[int] = deployment.lake.read("rows", part, columns=["line"])["line"].to_pylist()
        return found
