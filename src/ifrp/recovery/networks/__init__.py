"""The networks: style removal, discriminators, spatial transformers, and those of the systems compared with."""
