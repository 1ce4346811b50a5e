"""Reading a label photo, where the extra for it is installed; offline like everything else."""

from __future__ import annotations

import hashlib
import importlib.util

import streamlit as st

from auditor.errors import AuditorError
from auditor.photo import PhotoReading, read_photo
from parts.looks import plain
from parts.session import kept_file


def text_from_photo() -> None:
    """Offer a photo upload and put the text found into the label field; without the extra, say how to get it."""
    with st.expander("Read a photo of the label", icon=":material/photo_camera:"):
        if importlib.util.find_spec("rapidocr") is None or importlib.util.find_spec("onnxruntime") is None:
            st.markdown("**Photos cannot be read yet on this machine.**")
            st.caption(
                "Whoever set up the dashboard can add the reader with `pip install 'supplement-label-auditor[ocr]'` "
                "and start it again. It works offline. Until then, type or paste the label below."
            )
            return
        photo = st.file_uploader("Photo of the supplement facts panel", ["png", "jpg", "jpeg", "webp"], key="photo")
        if photo is None or not st.button("Read the photo", icon=":material/document_scanner:"):
            return
        try:
            with st.spinner("Reading the photo on this machine …"):
                found = _read(photo.name, photo.getvalue())
        except AuditorError as error:
            st.error(plain(error), icon=":material/no_photography:")
            return
        st.session_state["label-text"] = "\n".join(line.text for line in found.lines)
        st.info(
            "Compare every number with the photo before you check the label: " + plain(found.summary) + ".",
            icon=":material/visibility:",
        )


def _read(name: str, content: bytes) -> PhotoReading:
    return read_photo(kept_file(name, content, hashlib.sha256(content).hexdigest()[:16]))
