"""What whoever starts the service should know about who can use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.loopback import is_loopback

if TYPE_CHECKING:
    from services.settings import Settings


def notices(settings: Settings) -> list[str]:
    """Return a line for each thing that would be a surprise."""
    if settings.needs_keys:
        return ["requests need an API key; make one with: gradqueue keys create NAME"]
    if not is_loopback(settings.host):
        return [f"no API keys are asked for: whoever reaches {settings.host} can use and read everything"]
    return []
