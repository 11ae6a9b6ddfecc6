"""Identity-preserving face recovery from stylised portraits (Shiri et al., IJCV 2019)."""

__version__ = "0.1.0"
