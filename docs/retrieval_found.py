"""How often do retrievers find it? Several of them on the same questions; no model is asked.

    python docs/retrieval_found.py MATRIX                  each [retrievers.ID], on [data.knowledge]
    python docs/retrieval_found.py MATRIX --squad FILE     on the paragraphs of a file as SQuAD's
    python docs/retrieval_found.py --wrap MODEL FOLDER     a language model as one that embeds

Found is, of knowledge, that a passage states the fact; of SQuAD, that it is of the question's
paragraph. Prints a table; vectors are kept in build/retrieval. A model that is wrapped gives the
mean of its last layer's states: it was never trained to embed, and finds accordingly.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from harness.config import load_matrix
from harness.config.retrievers import read_retrievers
from harness.embedding.opening import Embedders
from harness.fingerprint import FileHashes
from harness.jsonl import append_rows
from harness.records import Retrieval, Sample
from harness.retrieval.retriever import Retriever
from harness.tasks.knowledge import Knowledge
from harness.tasks.retrieved import FOUND, RETRIEVAL
from harness.toml import read_toml

KEPT = Path("build/retrieval")
SHOWN = (1, 5)  # passages


def main() -> None:
    """See the module's docstring."""
    options = _options()
    if options.wrap:
        wrap(*options.wrap)
        return
    matrix = load_matrix(options.matrix)
    retrievers = read_retrievers(matrix.path, read_toml(matrix.path, "matrix", "MATRIX"))
    embedders = Embedders(KEPT / "vectors", KEPT, Path.cwd(), FileHashes(), fresh=False)
    samples = Knowledge().load(matrix.source("knowledge").path)
    _row("", "questions", *(f"among {k} (%)" for k in SHOWN), "seconds")
    _row("---", *["---:"] * (len(SHOWN) + 2))
    for name, retrieval in retrievers.items():
        if retrieval.kind == "gold":
            continue
        started, found = time.monotonic(), []
        for k in SHOWN:
            own = replace(retrieval, top_k=k)
            if options.squad:
                found.append(list(_of_squad(options.squad, own, embedders)))
            else:
                found.append(list(_of_knowledge(samples, own, embedders)))
        shares = [f"{100 * sum(hits) / len(hits):.1f}" for hits in found]
        seconds = f"{time.monotonic() - started:.0f}"
        _row(name, f"{len(found[0]):,}", *shares, seconds)


def _row(*cells: str) -> None:
    sys.stdout.write(f"| {' | '.join(cells)} |\n")
    sys.stdout.flush()


def _of_knowledge(
    samples: Sequence[Sample], retrieval: Retrieval, embedders: Embedders
) -> Iterator[bool]:
    retriever = Retriever(retrieval, embedders.of(retrieval))
    for sample in Knowledge().retrieved(samples, retriever, _quietly):
        found = sample.detail[RETRIEVAL][FOUND]
        if found is not None:
            yield found


def _of_squad(file: Path, retrieval: Retrieval, embedders: Embedders) -> Iterator[bool]:
    articles = json.loads(file.read_text("utf-8"))["data"]
    paragraphs = [paragraph for article in articles for paragraph in article["paragraphs"]]
    with tempfile.TemporaryDirectory() as folder:
        documents = Path(folder) / "documents.jsonl"
        rows = [_document(i, paragraph["context"]) for i, paragraph in enumerate(paragraphs)]
        append_rows(documents, rows)
        longest = max(len(row["text"]) for row in rows)
        own = replace(retrieval, documents=documents, passage_size=longest)
        retriever = Retriever(own, embedders.of(own))
    asked = [(q["question"], str(i)) for i, p in enumerate(paragraphs) for q in p["qas"]]
    retriever.read([question for question, _ in asked], _quietly)
    for question, of in asked:
        hits = retriever.find(question, of, lambda passage: 0.0)
        yield any(hit.passage.document == of for hit in hits)


def _document(number: int, context: str) -> dict[str, str]:
    """JSQuAD writes "title [SEP] text"."""
    title, _, text = context.rpartition(" [SEP] ")
    return {"id": str(number), "title": title, "text": text}


def wrap(model: Path, folder: Path) -> None:
    """Save a language model's trunk with mean pooling as a sentence-transformers folder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    trunk = Transformer(str(model), max_seq_length=512)
    trunk.tokenizer.padding_side = "right"
    width = trunk.get_embedding_dimension()
    SentenceTransformer(modules=[trunk, Pooling(width, "mean")], device="cpu").save(str(folder))


def _quietly(done: int, total: int) -> None:
    """Nobody watches."""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("matrix", type=Path, nargs="?")
    parser.add_argument("--squad", type=Path, metavar="FILE")
    parser.add_argument("--wrap", type=Path, nargs=2, metavar=("MODEL", "FOLDER"))
    options = parser.parse_args()
    if bool(options.matrix) == bool(options.wrap):
        parser.error("give a matrix, or --wrap MODEL FOLDER")
    return options


if __name__ == "__main__":
    main()
