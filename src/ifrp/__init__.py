"""Identity-preserving face recovery from stylised portraits (Shiri et al., IJCV 2019).

import ifrp

result = ifrp.load().recover("painting.jpg")
result.face.save("face.png")
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ifrp.recovery.portrait import Model as Model
    from ifrp.recovery.portrait import Portrait as Portrait
    from ifrp.recovery.portrait import Recovered as Recovered
    from ifrp.recovery.portrait import load as load

__version__ = "0.1.0"
_PUBLIC = ("Model", "Portrait", "Recovered", "load")


def __getattr__(name: str) -> Any:  # torch takes seconds to import, which not every use of the package needs
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ifrp.recovery import portrait

    return getattr(portrait, name)
