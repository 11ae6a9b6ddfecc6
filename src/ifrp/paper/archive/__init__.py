"""What outlives the project: a manifest of the results, and a crate of a finished run."""
