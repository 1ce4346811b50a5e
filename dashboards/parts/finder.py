"""Finding one product among any number by brand, name, id or barcode."""

from __future__ import annotations

import streamlit as st

from auditor.filters import search
from parts.derived import texts_of, typed_audits
from parts.looks import VERDICTS
from parts.session import View

MATCHES = 50


def find_product(view: View, key: str, label: str, exclude: tuple[str, ...] = ()) -> str | None:
    """A search field and the matching products, typed labels first; the id of the chosen one.

    Only the matches go to the browser.
    """
    columns = st.columns([2, 3], vertical_alignment="bottom")
    text = columns[0].text_input(
        label, key=f"{key}-text", placeholder="brand, name, id or barcode", icon=":material/search:"
    )
    found = [search(audit.products, text or "", MATCHES) for audit in typed_audits(view)]
    found.append(search(view.audit.products, text or "", MATCHES + len(exclude), texts_of(view) if text else None))
    names = {
        row.product_id: f"{VERDICTS[row.klass].sign} {' '.join(filter(None, (row.brand, row.name))) or row.product_id}"
        for table in found
        for row in table.rename(columns={"class": "klass"}).itertuples()
        if row.product_id not in exclude
    }
    names = dict(list(names.items())[:MATCHES])
    if not names:
        columns[1].info("Nothing matches. Try fewer or shorter words.", icon=":material/search_off:")
        return None
    said = f"Matches (the first {MATCHES})" if len(names) == MATCHES else f"Matches ({len(names)})"
    return columns[1].selectbox(
        said,
        list(names),
        index=None,
        format_func=names.__getitem__,
        placeholder="choose a product",
        key=f"{key}-{text}",
    )
