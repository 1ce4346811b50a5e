"""What labels of different parts share: one id, one barcode, one record.

The keys of all labels stand in the folder of a run.  Comparing them is divided into tasks that any of its processes can do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from auditor.checks.across import COMPARED, KEYS, WITH_STRENGTHS, LabelKeys, find_sharers, shared
from auditor.engines.parts import PART_BITS, Labels, Places
from auditor.engines.spill import Folder, frame_of
from auditor.pipeline import PLACE

SHARERS_AT_ONCE = 20_000
"""Labels that are compared at a time; all that share one key are among them."""

Across = tuple[tuple[int, str], ...]
"""Findings across labels that stand in the folder for one part: number of the context, and key of the frame, in order."""

Comparison = tuple[list[Labels], Places, int, str]
"""Arguments of :func:`compare`, but for the folder."""


def comparisons(labels: list[Labels], dropped: Places) -> list[Comparison]:
    """All that is to be compared, in the order in which it is told.

    Args:
        labels: of all parts and buckets.
        dropped: places of labels in their parts that do not count, because a bucket has them.
    """
    contexts = labels[0].contexts if labels else 0
    return [(labels, dropped, block, name) for block in range(contexts) for name in KEYS]


def compare(labels: list[Labels], dropped: Places, block: int, name: str, folder: Folder) -> list[tuple[int, int, str]]:
    """Find what labels share by one key in one context, and keep it in the folder.

    Returns:
        for each frame that was kept, the part it belongs to, the number of the context, and its key.
    """
    counting = [_counting(part, dropped, folder) for part in labels]
    ends = np.cumsum([int(mask.sum()) for mask in counting])
    every = pd.concat(
        [
            folder.get(f"{part.key}-keys{block}", [name, "split"])[mask]
            for part, mask in zip(labels, counting, strict=True)
        ],
        ignore_index=True,
    )
    sharing = shared(every, name)
    slices = -(-int(sharing.sum()) // SHARERS_AT_ONCE)
    # All that share a key come into one slice.
    slice_of = (every[name].to_numpy() % np.uint64(max(slices, 1))).astype(np.int64)
    found = []
    for piece in range(slices):
        mine = sharing & (slice_of == piece)
        chosen = [
            (part, rows)
            for part, mask, end in zip(labels, counting, ends, strict=True)
            if len(rows := np.flatnonzero(mask)[mine[end - int(mask.sum()) : end]])
        ]
        if not chosen:
            continue
        keys = _keys_of(chosen, block, name, folder)
        for number, told in _by_part(find_sharers(keys, name), keys.labels):
            key = f"{number:06d}-across{block}-{name}-{piece}"
            folder.put(key, told)
            found.append((number, block, key))
    return found


def by_part(found: Iterable[list[tuple[int, int, str]]]) -> dict[int, Across]:
    """What there is for each part, of the results of all :func:`comparisons`."""
    told: dict[int, list[tuple[int, str]]] = {}
    for comparison in found:
        for number, block, key in comparison:
            told.setdefault(number, []).append((block, key))
    return {number: tuple(keys) for number, keys in told.items()}


def _counting(part: Labels, dropped: Places, folder: Folder) -> npt.NDArray[np.bool_]:
    if not len(dropped) or part.key.startswith("bucket"):
        return np.ones(part.count, dtype=bool)
    return np.isin(part.numbers("place", folder), dropped, invert=True)


def _by_part(found: pd.DataFrame, labels: pd.DataFrame) -> Iterator[tuple[int, pd.DataFrame]]:
    """Findings with the place and the id of their label, part by part."""
    product = found["product"].to_numpy(dtype=np.intp)
    place = labels[PLACE].to_numpy(dtype=np.int64)[product]
    texts = found.drop(columns="product").astype(dict.fromkeys(set(found) - {"product", "order"}, "str"))
    told = texts.astype({"order": "int64"}).assign(
        **{PLACE: place, "product_id": labels["product_id"].to_numpy()[product]}
    )
    home = place >> PART_BITS
    for number in np.unique(home).tolist():
        yield number, told[home == number]


def _keys_of(chosen: list[tuple[Labels, npt.NDArray[np.intp]]], block: int, name: str, folder: Folder) -> LabelKeys:
    """What some labels are compared by, in the order of the input."""
    columns = ["product_id", name, *COMPARED[name], PLACE]
    labels = pa.concat_tables(
        [folder.table(f"{part.key}-keys{block}", columns).take(pa.array(rows)) for part, rows in chosen],
        promote_options="default",
    )
    order = np.argsort(labels[PLACE].to_numpy(), kind="stable")
    strengths = _strengths_of(chosen, order, block, folder) if name in WITH_STRENGTHS else pd.DataFrame()
    return LabelKeys(frame_of(labels.take(pa.array(order))), strengths)


def _strengths_of(
    chosen: list[tuple[Labels, npt.NDArray[np.intp]]], order: npt.NDArray[np.intp], block: int, folder: Folder
) -> pd.DataFrame:
    """Strengths of some labels, which come in this order."""
    strengths, products, count = [], [], 0
    for part, rows in chosen:
        doses = folder.table(f"{part.key}-strengths{block}")
        position = pd.Index(rows).get_indexer(doses["product"].to_numpy())
        strengths.append(doses.take(pa.array(np.flatnonzero(position >= 0))))
        products.append(position[position >= 0] + count)
        count += len(rows)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    product = rank[np.concatenate(products)]
    in_order = np.argsort(product, kind="stable")
    # A part without any dose has columns without a type.
    doses = pa.concat_tables(strengths, promote_options="default")
    return frame_of(doses.take(pa.array(in_order))).assign(product=product[in_order])
