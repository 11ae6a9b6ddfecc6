"""The one exception that is meant for the person at the keyboard, and what else is told as a sentence."""

from __future__ import annotations

import errno
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""errors of a disk that takes no more, which come without the name of a file"""
REMEDIES = {
    "make room there, and run the same command again": (errno.ENOSPC, errno.EDQUOT),
    "raise the limit (`ulimit -f`), or use a disk that takes files so large": (errno.EFBIG,),
    "change its permissions, or name another place": (errno.EACCES, errno.EPERM),
    "name a place that can be written": (errno.EROFS,),
    "use shorter names": (errno.ENAMETOOLONG,),
    "a file lies where a folder is needed; name another place": (errno.ENOTDIR, errno.EEXIST),
    "a folder lies where a file is needed; name another place": (errno.EISDIR, errno.ENOTEMPTY),
    "check the path": (errno.ENOENT, errno.ELOOP, errno.ENXIO, errno.ENODEV),
    "raise the limit (`ulimit -n`), or run less at a time": (errno.EMFILE, errno.ENFILE),
    "this disk takes no such name; use another": (errno.EILSEQ,),
    "the drive failed or was lost; look after it, and run the same command again": (errno.ESTALE, errno.EIO),
}
"""what to do about an error of the file system"""


class IfrpError(Exception):
    """Something the user can mend: one sentence that says what was wrong, where, and what to do.

    The command line prints it without a traceback and exits with code 2.
    """

    def _render_traceback_(self) -> list[str]:
        """What a notebook prints of it, by IPython's protocol: the sentence alone."""
        return [str(self)]


def sentence(error: OSError, path: Path | None = None) -> str:
    """An error of the file system, or of a connection: where, what, and what to do.

    Args:
        error: what the system said.
        path: what was read or written, if the error does not say.
    """
    where = error.filename if error.filename is not None else path
    what = error.strerror or str(error) or type(error).__name__
    remedy = next((text for text, numbers in REMEDIES.items() if error.errno in numbers), None)
    return ": ".join(str(part) for part in (where, what, remedy) if part is not None) + "."


def brief(error: Exception) -> str:
    """What a library says of a fault, in one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
