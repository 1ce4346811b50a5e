"""The verdicts of one label in every context, by one pass of the audit's own steps over a copy of it per context.

The checks are left out: an audit in every context runs them once per context, which takes seconds.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from auditor.checks.tables import Table
from auditor.distinct import words
from auditor.dose import contexts_of, line_doses, targets_of
from auditor.evidence import Evidence, load_evidence
from auditor.joining import chosen_rows, join_rows
from auditor.judging import judge
from auditor.labels import as_line_table
from auditor.products import products_table
from auditor.schema import VERDICTS
from auditor.words import capital, form_name


def verdicts_by_context(own: pd.DataFrame, evidence: Evidence | None = None, *, market: str = "") -> pd.DataFrame:
    """Verdict of each vitamin and form (rows, in words) in each context (columns, ids), and the class in the last row.

    An empty cell means that the label has no dose of that form for that context.

    Args:
        own: the lines of one label.
        evidence: an edition; the shipped one by default.
        market: market of a label that does not say its own.
    """
    evidence = evidence or load_evidence()
    contexts = list(evidence.contexts)
    lines = as_line_table(own).reset_index(drop=True)
    if market:
        lines["market"] = lines["market"].astype("str").where(lines["market"] != "", market)
    one = np.zeros(len(lines), dtype=np.intp)
    fits = np.concatenate([contexts_of(lines, one, 1, evidence, context)[1] for context in contexts])
    copies = pd.concat([lines] * len(contexts), ignore_index=True)
    product = np.repeat(np.arange(len(contexts)), len(lines))
    targets = targets_of(copies)
    where = targets.index.to_numpy()
    found = line_doses(targets, product[where], contexts, fits[where], evidence)
    joined = join_rows(chosen_rows(found, len(contexts)))
    joined["context"] = words(contexts).take(joined["product"].to_numpy(dtype=np.intp))
    judged = judge(joined, evidence, "")
    first = copies.iloc[np.arange(len(contexts)) * len(lines)].reset_index(drop=True)
    products = products_table(first, contexts, Table(judged), _NO_FINDINGS, evidence)
    return _as_matrix(judged, products["class"].tolist(), contexts)


_NO_FINDINGS = pd.DataFrame(
    {
        "product": pd.Series([], dtype=np.intp),
        "finding_id": pd.Series([], dtype="str"),
        "severity": pd.Series([], dtype="str"),
    }
)


def _as_matrix(doses: pd.DataFrame, classes: list[str], contexts: list[str]) -> pd.DataFrame:
    names = [capital(form_name(*pair)) for pair in zip(doses["nutrient"], doses["form"], strict=True)]
    table = pd.DataFrame("", index=[*dict.fromkeys(names), "Class"], columns=contexts, dtype=object)
    for name, context, verdict in zip(names, doses["context"], doses["verdict"], strict=True):
        if not table.loc[name, context]:
            table.loc[name, context] = verdict
    table.loc["Class"] = classes
    assert set(table.to_numpy().ravel()) <= {"", *VERDICTS}
    return table.astype("str")
