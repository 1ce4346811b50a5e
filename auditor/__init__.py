"""Supplement label auditor: what the dose a label claims is worth, traced from the printed words to the trials.

It audits the label's claim.  It is no laboratory analysis and no medical advice.
"""

__version__ = "0.1.0"

_PUBLIC = {
    "audit": "auditor.engines",
    "audit_lines": "auditor.pipeline",
    "Audit": "auditor.pipeline",
    "Label": "auditor.label_records",
    "LabelLine": "auditor.label_records",
    "label_frame": "auditor.labels",
    "load_evidence": "auditor.evidence",
    "AuditorError": "auditor.errors",
}

__all__ = ["__version__", *_PUBLIC]


def __getattr__(name: str) -> object:
    """Import the public names on first use, so that `auditor --help` does not load pandas."""
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'auditor' has no attribute {name!r}")
