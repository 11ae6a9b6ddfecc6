"""Identity-preserving face recovery from stylised portraits (Shiri et al., IJCV 2019)."""

from importlib.metadata import version

__version__ = version("ifrp")
