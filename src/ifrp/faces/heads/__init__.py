"""The parametric head: who is drawn, how its surface is built and coloured, and how it becomes a picture."""
