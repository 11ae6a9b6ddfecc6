"""The page of `ifrp demo`."""
