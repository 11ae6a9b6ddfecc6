"""Face recognisers: their networks, their weights, and how they are trained."""
