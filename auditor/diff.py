"""What moved between two written audits, and whether the label or the evidence moved it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
import pyarrow as pa

from auditor.errors import InputError
from auditor.written import PACKAGE, audit_files, read_table

RULES = ("evidence_edition", "context", "market", "authority")
"""What a run was judged by; `version` stands for the rules of reading."""

_PRODUCT_COLUMNS = ("product_id", "name", "class", "context")
_DOSE_COLUMNS = ("nutrient", "form", "interval_days", "single_intake_mcg", "daily_mcg_low", "daily_mcg_high")
"""What a label says, as far as it can move a class."""


@dataclass(frozen=True)
class Diff:
    """Two audits compared.

    `changed` has `product_id`, `name`, `context`, `old`, `new` (classes) and `cause`: 'label' (doses or forms differ and the
    input files do), 'evidence' (the label is the same, the edition, context, market or authority differs), 'both', or
    'rules' (all these are the same: another version of the software reads or judges otherwise).  `added` and `removed` have `product_id`, `name`, `context`, `class`.
    `settings` has one row per setting of the runs: `setting`, `old`, `new`.
    """

    changed: pd.DataFrame
    added: pd.DataFrame
    removed: pd.DataFrame
    settings: pd.DataFrame
    products_in_both: int


@dataclass(frozen=True)
class _Written:
    """A written audit: its tables as text, the settings of its run, the hashes of its input files."""

    products: pd.DataFrame
    doses: pd.DataFrame
    run: dict[str, Any]
    inputs: frozenset[str]


def diff(old_dir: str | Path, new_dir: str | Path) -> Diff:
    """Compare two folders written by `auditor audit -o DIR`.

    Raises:
        InputError: a folder is missing or is no written audit; both folders are looked at before it is raised.
    """
    problems: list[str] = []
    old, new = (_read(Path(folder), problems) for folder in (old_dir, new_dir))
    if problems or old is None or new is None:
        raise InputError(problems)
    every = old.run.get("context") == "all" and new.run.get("context") == "all"
    key = ["product_id", "context"] if every else ["product_id"]
    before, after = (written.products.drop_duplicates(key).set_index(key, drop=False) for written in (old, new))
    shared = before.index[before.index.isin(after.index)]
    one, other = before.loc[shared], after.loc[shared]
    moved = (one["class"] != other["class"]).to_numpy()
    said = [_doses_said(written, table) for written, table in ((old, one), (new, other))]
    label = (said[0] != said[1]) & (not old.inputs or old.inputs != new.inputs)
    judged = (
        any(old.run.get(name, "") != new.run.get(name, "") for name in RULES)
        | (one["context"] != other["context"]).to_numpy()
    )
    cause = pd.Series("rules", index=range(len(shared)), dtype="str")
    cause[judged] = "evidence"
    cause[label] = "label"
    cause[label & judged] = "both"
    changed = pd.DataFrame(
        {
            "product_id": other["product_id"].array, "name": other["name"].array, "context": other["context"].array,
            "old": one["class"].array, "new": other["class"].array, "cause": cause.array,
        }
    )[moved].reset_index(drop=True)  # fmt: skip
    settings = pd.DataFrame(
        [(name, str(old.run.get(name, "")), str(new.run.get(name, ""))) for name in ("version", *RULES)],
        columns=["setting", "old", "new"],
        dtype="str",
    )
    return Diff(changed, _without(after, before), _without(before, after), settings, len(shared))


def _without(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Products of one audit that the other does not have."""
    return table.loc[~table.index.isin(other.index), ["product_id", "name", "context", "class"]].reset_index(drop=True)


def _doses_said(written: _Written, products: pd.DataFrame) -> npt.NDArray[np.object_]:
    """All doses of each product as one text, in the order of `products`."""
    doses = written.doses
    text = doses[_DOSE_COLUMNS[0]].str.cat([doses[name] for name in _DOSE_COLUMNS[1:]], sep="|")
    key = doses["product_id"] + "\n" + doses["context"]
    joined = text.groupby(key, sort=False).agg("; ".join)
    wanted = products["product_id"].array + "\n" + products["context"].array
    return np.asarray(joined.reindex(wanted).fillna(""), dtype=object)


def _read(folder: Path, problems: list[str]) -> _Written | None:
    """A written audit, all cells as text; what is wrong with it is added to `problems`."""
    accepted = "accepted is a folder written by 'auditor audit -o DIR'"
    if not folder.is_dir():
        problems.append(f"{folder}: is {'a file' if folder.exists() else 'not there'}; {accepted}")
        return None
    files = audit_files(folder)
    missing = [f"{table} table" for table in ("products", "doses") if table not in files]
    missing += [PACKAGE] if not (folder / PACKAGE).is_file() else []
    if missing:
        problems.append(f"{folder}: holds no {' and no '.join(missing)}; {accepted}")
        return None
    try:
        package = orjson.loads((folder / PACKAGE).read_bytes())
        run = dict(package["auditor"])
        inputs = frozenset(entry["sha256"] for entry in package.get("inputs", ()))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        problems.append(f"{folder / PACKAGE}: says nothing of an audit; {accepted}")
        return None
    tables: dict[str, pd.DataFrame] = {}
    for table, columns in (("products", _PRODUCT_COLUMNS), ("doses", ("product_id", "context", *_DOSE_COLUMNS))):
        try:
            tables[table] = _read_table(files[table], table, columns)
        except InputError as error:
            problems.extend(error.problems)
    return _Written(tables["products"], tables["doses"], run, inputs) if len(tables) == 2 else None


def _read_table(files: tuple[Path, ...], table: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Some columns of a table as text; the same text for the same number, whatever kind of file it stands in."""
    frame = read_table(files, table, columns)
    cells = {name: pa.array(frame[name], from_pandas=True).cast(pa.string()).fill_null("") for name in columns}
    return pd.DataFrame({name: cell.to_pandas() for name, cell in cells.items()}, dtype="str")
