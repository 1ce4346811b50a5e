"""Steps that the browser tests share."""

from __future__ import annotations

from typing import Any


def settle(page: Any) -> None:
    """Wait until the script has run and nothing is being drawn."""
    page.wait_for_timeout(250)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stApp][data-test-script-state=running]')"
        " && !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner]')"
    )
    page.wait_for_timeout(250)
