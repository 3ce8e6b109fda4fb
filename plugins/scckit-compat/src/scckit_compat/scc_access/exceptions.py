"""Exceptions under their published names. What scckit raised is the ``__cause__`` of each."""

from __future__ import annotations

__all__ = ["MeasurementNotFound", "PageNotAccessible", "SCCError", "UnexpectedResponse", "WrongCredentialsException"]


class PageNotAccessible(Exception):
    """A page cannot be reached, as with wrong HTTP credentials.

    Attributes:
        page_url: Its address.
        status_code: HTTP status of the answer.
    """

    def __init__(self, page_url: str, status_code: int) -> None:
        """Keep address and status."""
        super().__init__(page_url, status_code)
        self.page_url = page_url
        self.status_code = status_code

    def __str__(self) -> str:
        """Say which page, and the status."""
        return f"Page {self.page_url} not accessible (status code {self.status_code})"


class WrongCredentialsException(Exception):
    """The account was refused."""


class SCCError(Exception):
    """The SCC refused something, in its own words.

    Attributes:
        errors: The words.
    """

    def __init__(self, errors: str) -> None:
        """Keep the words."""
        super().__init__(errors)
        self.errors = errors

    def __str__(self) -> str:
        """Return the words."""
        return self.errors


class MeasurementNotFound(Exception):
    """The SCC knows no measurement of that ID.

    Attributes:
        measurement_id: The ID.
    """

    def __init__(self, measurement_id: str) -> None:
        """Keep the ID."""
        super().__init__(measurement_id)
        self.measurement_id = measurement_id

    def __str__(self) -> str:
        """Say which."""
        return f"Measurement with ID {self.measurement_id} does not exist in the SCC database"


class UnexpectedResponse(Exception):
    """The answer does not fit the question, or none came.

    Attributes:
        message: What is wrong.
        body: None in what this package raises: a page may hold what should not stand in a log.
    """

    def __init__(self, message: str | None, body: str | None = None) -> None:
        """Keep what is known."""
        super().__init__(message)
        self.message = message
        self.body = body

    def __str__(self) -> str:
        """Say what is wrong."""
        if self.message is None:
            return "SCC responded in an unknown way"
        return f"SCC responded in an unknown way: {self.message}" + (f"\n{self.body}" if self.body else "")
