"""What the Snakefile needs of the package: the resolved run, the code of each verb, DVC. Snakemake alone must be installed."""
