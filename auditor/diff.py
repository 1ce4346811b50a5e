"""What moved between two written audits, and whether the label or the evidence moved it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pandas as pd

from auditor.errors import InputError
from auditor.schema import TABLES

PACKAGE = "datapackage.json"
RULES = ("evidence_edition", "context", "market", "authority")
"""What a run was judged by; `version` stands for the rules of reading."""

_LABEL_COLUMNS = (
    "vitamin_d_form", "vitamin_d_daily_mcg_low", "vitamin_d_daily_mcg_high", "vitamin_k2_form", "vitamin_k2_daily_mcg_low", "vitamin_k2_daily_mcg_high",
)  # fmt: skip


@dataclass(frozen=True)
class Diff:
    """Two audits compared.

    `changed` has `product_id`, `name`, `context`, `old`, `new` (classes) and `cause`: 'label' (the doses or forms differ),
    'evidence' (they are equal, the edition, context, market or authority differs), 'both', or 'rules' (all these are
    equal: the software judges otherwise).  `added` and `removed` have `product_id`, `name`, `context`, `class`.
    `settings` has one row per setting of the runs: `setting`, `old`, `new`.
    """

    changed: pd.DataFrame
    added: pd.DataFrame
    removed: pd.DataFrame
    settings: pd.DataFrame
    products_in_both: int


def diff(old_dir: str | Path, new_dir: str | Path) -> Diff:
    """Compare two folders written by `auditor audit -o DIR`.

    Raises:
        InputError: a folder is missing or is no written audit; both folders are looked at before it is raised.
    """
    problems: list[str] = []
    old, new = (_read(Path(folder), problems) for folder in (old_dir, new_dir))
    if problems or old is None or new is None:
        raise InputError(problems)
    (old_products, old_run), (new_products, new_run) = old, new
    every = old_run.get("context") == "all" and new_run.get("context") == "all"
    key = ["product_id", "context"] if every else ["product_id"]
    before, after = (table.drop_duplicates(key).set_index(key, drop=False) for table in (old_products, new_products))
    shared = before.index[before.index.isin(after.index)]
    one, other = before.loc[shared], after.loc[shared]
    moved = (one["class"] != other["class"]).to_numpy()
    label = (one[list(_LABEL_COLUMNS)].to_numpy() != other[list(_LABEL_COLUMNS)].to_numpy()).any(axis=1)
    judged = any(old_run.get(name, "") != new_run.get(name, "") for name in RULES) | (one["context"] != other["context"]).to_numpy()
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
        [(name, str(old_run.get(name, "")), str(new_run.get(name, ""))) for name in ("version", *RULES)], columns=["setting", "old", "new"], dtype="str"
    )
    return Diff(changed, _without(after, before), _without(before, after), settings, len(shared))


def _without(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Products of one audit that the other does not have."""
    return table.loc[~table.index.isin(other.index), ["product_id", "name", "context", "class"]].reset_index(drop=True)


def _read(folder: Path, problems: list[str]) -> tuple[pd.DataFrame, dict[str, Any]] | None:
    """Products (all cells text) and run settings of a written audit; what is wrong is added to `problems`."""
    accepted = "accepted is a folder written by 'auditor audit -o DIR'"
    if not folder.is_dir():
        problems.append(f"{folder}: is {'a file' if folder.exists() else 'not there'}; {accepted}")
        return None
    missing = [name for name in ("products.csv", PACKAGE) if not (folder / name).is_file()]
    if missing:
        problems.append(f"{folder}: holds no {' and no '.join(missing)}; {accepted}")
        return None
    try:
        run = orjson.loads((folder / PACKAGE).read_bytes())["auditor"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        run = None
    if not isinstance(run, dict):
        problems.append(f"{folder / PACKAGE}: says nothing of an audit; {accepted}")
        return None
    try:
        products = pd.read_csv(folder / "products.csv", dtype="str", keep_default_na=False, encoding="utf-8")
    except (ValueError, UnicodeDecodeError) as error:
        problems.append(f"{folder / 'products.csv'}: cannot be read as a table ({error}); {accepted}")
        return None
    lacking = [column.name for column in TABLES["products"] if column.name not in products and column.name in ("product_id", "name", "class", "context", *_LABEL_COLUMNS)]
    if lacking:
        problems.append(f"{folder / 'products.csv'}: column {', '.join(lacking)} is missing; {accepted}")
        return None
    return products, run
