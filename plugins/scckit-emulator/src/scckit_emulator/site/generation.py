"""Where the older Django of the published clients' days differs from the one that runs here (scc-interface.md 1.5, 3.1).

Both differences look at the emulator's behaviour at each request.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.cookie import CookieStorage, MessageDecoder
from django.core.signing import Signer
from django.http import HttpRequest

from scckit_emulator import runtime

if TYPE_CHECKING:
    # The stubs do not tell what a subclass of the storage needs.
    class _CookieStorage(CookieStorage):
        signer: Signer

        def _encode_parts(self, messages: list[str], encode_empty: bool = False) -> str | None: ...  # noqa: FBT001, FBT002

        def _decode(self, data: str) -> list[Message] | None: ...

else:
    _CookieStorage = CookieStorage

__all__ = ["GenerationChangeList", "MessageCookie"]


class GenerationChangeList(ChangeList):
    """A change list whose pages count from 1, as Django's do since 3.2, or from 0, as before."""

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the rows of the page asked for."""
        behaviour = runtime.current().behaviour
        self.list_per_page = behaviour.page_size
        if behaviour.is_legacy:
            try:
                self.page_num = int(request.GET.get(PAGE_VAR, 0)) + 1
            except ValueError:
                self.page_num = 1
        super().get_results(request)

    def get_query_string(self, new_params: dict[str, Any] | None = None, remove: Iterable[str] | None = None) -> str:
        """The query of a link; that of a page link counts as the generation does."""
        if new_params and PAGE_VAR in new_params and runtime.current().behaviour.is_legacy:
            new_params = {**new_params, PAGE_VAR: int(new_params[PAGE_VAR]) - 1}
        return super().get_query_string(new_params, remove)


class MessageCookie(_CookieStorage):
    """Messages in the ``messages`` cookie: signed and packed, as since Django 3.2, or readable JSON, as before."""

    def _encode_parts(self, messages: list[str], encode_empty: bool = False) -> str | None:  # noqa: FBT001, FBT002 - Django's form
        if not runtime.current().behaviour.is_legacy:
            return super()._encode_parts(messages, encode_empty)
        if not messages and not encode_empty:
            return None
        # The older Django put a keyed hash before the text; here the signature of the key stands for it.
        text = f"[{','.join(messages)}]"
        return f"{self.signer.signature(text)}${text}"

    def _decode(self, data: str) -> list[Message] | None:
        if data and "$" in data:
            signature, _, text = data.partition("$")
            if signature == self.signer.signature(text):
                decoded: list[Message] = json.loads(text, cls=MessageDecoder)
                return decoded
        return super()._decode(data)
