# Tables and figures, made from artifacts alone (Sec. 5).
rule paper:
    input:
        expand(
            "results/paper/tables/{name}.{ext}",
            name=PAPER_TABLES,
            ext=["csv", "md", "tex", "typ", "html", "json"],
        ),
        expand(
            "results/paper/figures/{name}.{ext}",
            name=PAPER_FIGURES,
            ext=["png", "pdf", "json"],
        ),
        "results/paper/numbers.json",
        with_card("results/paper/paper.pdf"),
        expand("results/paper/notebooks/{name}.{ext}", name=NOTEBOOKS, ext=["ipynb", "json"]),


rule ablations:
    input:
        expand(
            "results/paper/tables/{name}.{ext}",
            name=ABLATION_TABLES,
            ext=["csv", "md", "tex", "typ", "html", "json"],
        ),
        expand(
            "results/paper/figures/{name}.{ext}",
            name=ABLATION_FIGURES,
            ext=["png", "pdf", "json"],
        ),
        "results/paper/numbers-ablations.json",
        with_card("results/paper/ablations.pdf"),


rule paper_table:
    input:
        data=table_inputs,
        code=code("paper", "table"),
    output:
        report(
            "results/paper/tables/{name}.html",
            category="Tables",
            caption="../report/table.rst",
            labels=table_labels,
        ),
        multiext("results/paper/tables/{name}", ".csv", ".md", ".tex", ".typ", ".json"),
    log:
        "logs/paper/tables/{name}.log",
    conda:
        "../../environment.yml"
    params:
        rows=table_rows,
        settings=settings("seed", "evaluation.recogniser", "evaluation.resamples"),
        verb=verb("paper", "table"),
    shell:
        "ifrp paper table {wildcards.name} 2>&1 | tee {log}"


rule paper_figure:
    input:
        data=figure_inputs,
        code=figure_code,
    output:
        report(
            "results/paper/figures/{name}.png",
            category="Figures",
            caption="../report/figure.rst",
            labels=figure_labels,
        ),
        multiext("results/paper/figures/{name}", ".pdf", ".json"),
    log:
        "logs/paper/figures/{name}.log",
    conda:
        "../../environment.yml"
    params:
        styles=STYLE_SPLITS,
        experiments=figure_rows,
        settings=settings(
            "seed",
            "faces.size",
            "paper.examples",
            "paper.worst",
            "paper.experiment",
            "paper.own",
        ),
        verb=verb("paper", "figure"),
    shell:
        "ifrp paper figure {wildcards.name} 2>&1 | tee {log}"


rule paper_numbers:
    input:
        data=numbers_inputs,
        published="config/published.csv",
        code=code("paper", "numbers"),
    output:
        "results/paper/{numbers}.json",
    log:
        "logs/paper/{numbers}.log",
    wildcard_constraints:
        numbers="|".join(NUMBERS),
    conda:
        "../../environment.yml"
    params:
        document=numbered_document,
        rows=document_rows,
        settings=settings(
            "seed",
            "faces.source",
            "faces.size",
            "evaluation.top",
            "evaluation.recogniser",
            "paper.experiment",
        ),
        verb=verb("paper", "numbers"),
    shell:
        "ifrp paper numbers {params.document} 2>&1 | tee {log}"


rule paper_pdf:
    input:
        data=document_inputs,
        text=sorted(map(str, Path("paper").glob("*.typ"))),
        code=code("paper", "pdf"),
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
        document="|".join(DOCUMENTS),
    conda:
        "../../environment.yml"
    params:
        verb=verb("paper", "pdf"),
    shell:
        "ifrp paper pdf {wildcards.document} 2>&1 | tee {log}"


rule paper_notebook:
    input:
        data=files(needs.document(SETTINGS, "paper")),
        book="notebooks/{notebook}.ipynb",
        code=code("paper", "notebook"),
    output:
        "results/paper/notebooks/{notebook}.ipynb",
        "results/paper/notebooks/{notebook}.json",
    log:
        "logs/paper/notebooks/{notebook}.log",
    conda:
        "../../environment.yml"
    params:
        verb=verb("paper", "notebook"),
    shell:
        "ifrp paper notebook {wildcards.notebook} 2>&1 | tee {log}"
