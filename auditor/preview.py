"""The first rows of a table before it is audited, and what its columns were taken for; for mapping foreign headers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from auditor.errors import InputError
from auditor.labels import LINE_COLUMNS, PRODUCT_LAYOUT_COLUMNS
from auditor.readers.columns import our_name

TABLE_EXTENSIONS = (".csv", ".tsv", ".xlsx", ".parquet")
MEANINGS = tuple(
    name for name in dict.fromkeys((*LINE_COLUMNS, *PRODUCT_LAYOUT_COLUMNS)) if name not in ("input", "row")
)
"""What a column of a file may be taken for."""


def first_rows(path: Path | str, rows: int = 5) -> pd.DataFrame | None:
    """The first rows as text under the file's own headers; `None` for formats whose records need no mapping.

    Raises:
        InputError: the file is no table of its format.
    """
    file = Path(path)
    kind = file.suffix.lower()
    if kind not in TABLE_EXTENSIONS:
        return None
    try:
        if kind == ".parquet":
            import pyarrow.parquet

            batches = pyarrow.parquet.ParquetFile(file).iter_batches(rows)
            table = next(batches, None)
            frame = table.to_pandas() if table is not None else pd.DataFrame()
        elif kind == ".xlsx":
            frame = pd.read_excel(file, nrows=rows, dtype=str, engine="calamine")
        else:
            separator = "\t" if kind == ".tsv" else None
            frame = pd.read_csv(
                file,
                sep=separator,
                engine="python",
                nrows=rows,
                dtype=str,
                keep_default_na=False,
                encoding_errors="replace",
            )
    except Exception as error:  # any reader's own exception means the same here
        raise InputError(f"{file.name}: its first rows cannot be read ({error})") from error
    return frame.astype("str").fillna("")


def column_meanings(preview: pd.DataFrame) -> pd.DataFrame:
    """One row per column of the file: `column`, `example` (first value that is not empty), `meaning` (ours, or empty)."""
    rows = []
    for name in preview.columns:
        values = [value for value in preview[name] if value]
        ours = our_name(str(name), {})
        rows.append((str(name), values[0] if values else "", ours if ours in MEANINGS else ""))
    return pd.DataFrame(rows, columns=["column", "example", "meaning"], dtype="str")


def renames(meanings: pd.DataFrame) -> dict[str, str]:
    """Foreign header -> our column, for the columns that were given a meaning they do not have by name."""
    told = zip(meanings["column"], meanings["meaning"], strict=True)
    return {name: meaning for name, meaning in told if meaning and our_name(name, {}) != meaning}


def mapping_problems(meanings: pd.DataFrame) -> list[str]:
    """What keeps the mapping from being used: a needed column is missing, or two columns mean the same."""
    given = [meaning for meaning in meanings["meaning"] if meaning]
    problems = [f"two columns mean {name}" for name in dict.fromkeys(given) if given.count(name) > 1]
    if "product_id" not in given:
        problems.append("no column is the product_id")
    if "ingredient" not in given and not {"d3_amount", "k2_amount"} & set(given):
        problems.append(
            "no column is the ingredient (one row per label line), nor d3_amount or k2_amount (one row per product)"
        )
    return problems
