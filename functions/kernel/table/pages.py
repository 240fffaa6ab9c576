"""Lists in pages: the cursor that leads from the end of a page to the next page."""

from base64 import b64decode, b64encode
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from kernel.errors import InvalidRequest


class Cursor(BaseModel):
    """Where a page ended. Each list derives a cursor of its own, with the fields that its index needs."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    def encoded(self) -> str:
        """The cursor as text that needs no escaping in a query string."""
        return b64encode(self.model_dump_json().encode(), altchars=b"-_").decode().rstrip("=")


Place = TypeVar("Place", bound=Cursor)


def decoded(text: str, shape: type[Place]) -> Place:
    """The cursor that `encoded` gave. Raises InvalidRequest for any other text."""
    try:
        padded = text + "=" * (-len(text) % 4)
        return shape.model_validate_json(b64decode(padded, altchars=b"-_", validate=True))
    except ValueError:
        raise foreign() from None


def foreign() -> InvalidRequest:
    """The refusal of a cursor that this list did not give."""
    return InvalidRequest("next is not a cursor that this list gave")
