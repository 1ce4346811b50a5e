"""Reading a label photo, where the extra for it is installed; offline like everything else."""

from __future__ import annotations

import importlib.util

import streamlit as st


def text_from_photo() -> None:
    """Offer a photo upload and put the text found into the label field; nothing without the extra."""
    if importlib.util.find_spec("rapidocr") is None or importlib.util.find_spec("onnxruntime") is None:
        return
    with st.expander("Read a photo of the label", icon=":material/photo_camera:"):
        photo = st.file_uploader("Photo of the supplement facts panel", ["png", "jpg", "jpeg"], key="photo")
        if photo is not None and st.button("Read the photo", icon=":material/document_scanner:"):
            with st.spinner("Reading the photo on this machine …"):
                found = _read(photo.getvalue())
            st.session_state["label-text"] = "\n".join(found)
            st.info("Check every number against the photo before you send it.", icon=":material/visibility:")


@st.cache_resource(max_entries=1, show_spinner=False)
def _engine() -> object:
    from rapidocr import RapidOCR

    return RapidOCR()


def _read(content: bytes) -> list[str]:
    told = _engine()(content)  # type: ignore[operator]
    return [str(text) for text in (told.txts or ())]
