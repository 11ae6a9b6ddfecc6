# Tables and figures, made from artifacts alone (Sec. 5).
rule paper:
    input:
        expand(
            "results/paper/tables/{name}.{ext}",
            name=run.tables("paper"),
            ext=["csv", "md", "tex", "typ", "html", "json"],
        ),
        expand(
            "results/paper/figures/{name}.{ext}",
            name=run.figures("paper"),
            ext=["png", "pdf", "json"],
        ),
        "results/paper/numbers.json",
        with_card("results/paper/paper.pdf"),
        expand("results/paper/notebooks/{name}.{ext}", name=run.notebooks, ext=["ipynb", "json"]),


rule ablations:
    input:
        expand(
            "results/paper/tables/{name}.{ext}",
            name=run.tables("ablations"),
            ext=["csv", "md", "tex", "typ", "html", "json"],
        ),
        expand(
            "results/paper/figures/{name}.{ext}",
            name=run.figures("ablations"),
            ext=["png", "pdf", "json"],
        ),
        "results/paper/numbers-ablations.json",
        with_card("results/paper/ablations.pdf"),


rule paper_table:
    input:
        data=run.table_inputs,
        code=run.code("paper", "table"),
    output:
        report(
            "results/paper/tables/{name}.html",
            category="Tables",
            caption="../report/table.rst",
            labels=run.table_labels,
        ),
        multiext("results/paper/tables/{name}", ".csv", ".md", ".tex", ".typ", ".json"),
    log:
        "logs/paper/tables/{name}.log",
    conda:
        "../../environment.yml"
    params:
        rows=run.table_rows,
        settings=run.settings("seed", "evaluation.recogniser", "evaluation.resamples"),
    shell:
        "ifrp paper table {wildcards.name} 2>&1 | tee {log}"


rule paper_figure:
    input:
        data=run.figure_inputs,
        code=run.figure_code,
    output:
        report(
            "results/paper/figures/{name}.png",
            category="Figures",
            caption="../report/figure.rst",
            labels=run.figure_labels,
        ),
        multiext("results/paper/figures/{name}", ".pdf", ".json"),
    log:
        "logs/paper/figures/{name}.log",
    conda:
        "../../environment.yml"
    params:
        styles=run.splits,
        experiments=run.figure_rows,
        settings=run.settings(
            "seed",
            "faces.size",
            "paper.examples",
            "paper.worst",
            "paper.experiment",
            "paper.own",
        ),
    shell:
        "ifrp paper figure {wildcards.name} 2>&1 | tee {log}"


rule paper_numbers:
    input:
        data=run.numbers_inputs,
        published="config/published.csv",
        code=run.code("paper", "numbers"),
    output:
        "results/paper/{numbers}.json",
    log:
        "logs/paper/{numbers}.log",
    wildcard_constraints:
        numbers="|".join(run.documents),
    conda:
        "../../environment.yml"
    params:
        document=run.numbered_document,
        rows=run.document_rows,
        settings=run.settings(
            "seed",
            "faces.source",
            "faces.size",
            "evaluation.top",
            "evaluation.recogniser",
            "paper.experiment",
        ),
    shell:
        "ifrp paper numbers {params.document} 2>&1 | tee {log}"


rule paper_pdf:
    input:
        data=run.document_inputs,
        text=sorted(map(str, Path("paper").glob("*.typ"))),
        code=run.code("paper", "pdf"),
    output:
        report(
            "results/paper/{document}.pdf",
            category="Report",
            caption="../report/document.rst",
            labels={"document": "{document}"},
        ),
        "results/paper/{document}.json",
    log:
        "logs/paper/{document}.log",
    wildcard_constraints:
        document="|".join(run.documents.values()),
    conda:
        "../../environment.yml"
    shell:
        "ifrp paper pdf {wildcards.document} 2>&1 | tee {log}"


rule paper_notebook:
    input:
        data=run.document("paper"),
        book="notebooks/{notebook}.ipynb",
        code=run.code("paper", "notebook"),
    output:
        "results/paper/notebooks/{notebook}.ipynb",
        "results/paper/notebooks/{notebook}.json",
    log:
        "logs/paper/notebooks/{notebook}.log",
    conda:
        "../../environment.yml"
    shell:
        "ifrp paper notebook {wildcards.notebook} 2>&1 | tee {log}"
