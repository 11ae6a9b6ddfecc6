"""One file per method, found by its name and imported only when it is used."""
