"""Tables and figures, made from artifacts alone."""
