"""Command line: python -m training questions | twin | sft | speed | tokenizer | pretrain."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import ConfigError, MichiError

RECIPES = Path(__file__).parent / "recipes"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 2 with one message on stderr for something the user can put right."""
    # Said outright, or the tokenizer warns and turns it off once a data worker has forked.
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except MichiError as error:
        print(f"training: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training", description="From documents to fine-tuned checkpoints."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    sft = commands.add_parser("sft", help="train LoRA adapters by a recipe, and write their matrix")
    sft.set_defaults(command=_sft)
    sft.add_argument("recipe", type=Path, metavar="RECIPE.toml")
    sft.add_argument("--only", metavar="ID", help="one run, or one adapter of it")
    sft.add_argument("--again", action="store_true", help="train anew what is trained already")
    _add_questions(commands.add_parser("questions", help="make a question set from documents"))
    twin = commands.add_parser("twin", help="permute a question set's values: world B")
    twin.set_defaults(command=_twin)
    twin.add_argument("questions", type=Path, metavar="SET.jsonl", help="rows with typed facts")
    twin.add_argument("--out", type=Path, required=True, metavar="FILE", help="both worlds' rows")
    twin.add_argument("--seed", type=int, default=0, help="of the draw (default: %(default)s)")
    speed = commands.add_parser("speed", help="measure QLoRA at Gemma-7B's shape on this GPU")
    speed.set_defaults(command=_speed)
    speed.add_argument("--out", type=Path, metavar="JSON", help="write the figures there")
    speed.add_argument("--base", type=Path, default=Path("build/gemma-shaped"), metavar="DIR")
    speed.add_argument("--steps", type=_positive_int, default=20, metavar="N", help="timed steps")
    speed.add_argument(
        "--only", default="", metavar="WORDS", help="variants with these in the name"
    )
    speed.add_argument("--layers", type=_positive_int, metavar="N", help="a smaller model, to try")
    tokenizer = commands.add_parser("tokenizer", help="train the embedded model's tokenizer")
    tokenizer.set_defaults(command=_tokenizer)
    pretrain = commands.add_parser("pretrain", help="train the embedded model from random weights")
    pretrain.set_defaults(command=_pretrain)
    for command in (tokenizer, pretrain):
        command.add_argument("--recipe", type=Path, default=RECIPES / "base.toml", metavar="TOML")
        command.add_argument("--corpus", type=Path, metavar="DIR", help="instead of the recipe's")
        command.add_argument("--out", type=Path, metavar="DIR", help="instead of the recipe's")
    budget = pretrain.add_mutually_exclusive_group()
    budget.add_argument("--steps", type=_positive_int, metavar="N", help="instead of the recipe's")
    budget.add_argument("--minutes", type=_positive_float, metavar="M", help="instead of steps")
    pretrain.add_argument("--data", type=Path, metavar="DIR", help="folder of the probes' files")
    for command in (pretrain, sft):
        command.add_argument(
            "--device", choices=("cpu", "cuda"), help="default: cuda where there is a usable GPU"
        )
    return parser


def _add_questions(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(command=_questions)
    parser.add_argument("documents", type=Path, metavar="DOCS", help=".jsonl, .csv or a folder")
    parser.add_argument("--out", type=Path, required=True, metavar="SET", help="folder of the set")
    parser.add_argument("--model", metavar="NAME", help="the chat model that writes them")
    parser.add_argument("--base-url", metavar="URL", help="an OpenAI-compatible server")
    parser.add_argument(
        "--key-variable", default="", metavar="NAME",
        help="environment variable that holds the key (default: OPENAI_API_KEY, which is sent to "
        "OpenAI and to this machine only)",
    )  # fmt: skip
    parser.add_argument(
        "--latest-eval", action="store_true",
        help="cloze questions in LatestEval's manner; by rule where no --model is named",
    )  # fmt: skip
    parser.add_argument("--released", type=_date, metavar="DATE", help="of the model to fine-tune")
    parser.add_argument("--matrix", type=Path, metavar="FILE", help="take its models' release date")
    parser.add_argument("--allow-old", action="store_true", help="ask about older documents, too")
    parser.add_argument("--newest", type=_positive_int, metavar="N", help="the N newest documents")
    parser.add_argument(
        "--split", type=_positive_int, metavar="CHARACTERS",
        help="ask about longer documents part by part",
    )  # fmt: skip
    parser.add_argument(
        "--longest", type=_positive_int, default=20_000, metavar="CHARACTERS",
        help="refuse documents above (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--control", type=_share, default=0.2, metavar="SHARE",
        help="of the documents, never trained on (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--held-out", type=int, default=1, metavar="N",
        help="questions a trained document that are asked, not trained on (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of the splits (default: %(default)s)")
    parser.add_argument("--concurrency", type=_positive_int, default=8, metavar="N")
    parser.add_argument("--max-tokens", type=_positive_int, metavar="N", help="of one answer")
    parser.add_argument("--timeout", type=_positive_float, default=120, metavar="SECONDS")
    parser.add_argument("--retries", type=int, default=6, metavar="N")
    parser.add_argument("--price", metavar="IN/OUT", help="US dollars a million tokens")
    parser.add_argument("--dry-run", action="store_true", help="print cost and one prompt only")


def _positive_int(text: str) -> int:
    value = int(text)
    if value <= 0:
        raise ValueError(text)
    return value


def _positive_float(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise ValueError(text)
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise ValueError(text)
    return value


def _date(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def _report(line: str) -> None:
    print(line, flush=True)


def _questions(options: argparse.Namespace) -> None:
    from training.questions.order import Order
    from training.questions.run import plan, run
    from training.questions.sets import Split

    fields = {field.name for field in dataclasses.fields(Order)}
    given = {key: value for key, value in vars(options).items() if key in fields}
    given["split"] = Split(options.seed, options.control, options.held_out)
    order = Order(**given, split_long=options.split)
    if options.dry_run:
        plan(order, _report)
        return
    made = run(order, _report)
    forms = ", ".join(f"{count:,} {form}" for form, count in made.forms().items())
    _report(f"{_seen(options.out)}: {len(made.train):,} pairs to train on; to ask: {forms}")


def _twin(options: argparse.Namespace) -> None:
    from training.questions.twin import write_twins

    made = write_twins(options.questions, options.out, options.seed, _report)
    _report(
        f"{_seen(options.out)}: {len(made.rows):,} questions on {sum(made.facts.values()):,} facts"
    )


def _sft(options: argparse.Namespace) -> None:
    from training.finetuning.matrix import write_matrix
    from training.finetuning.recipe import read_sft
    from training.finetuning.sft import sft

    recipe = read_sft(options.recipe)
    for folder in sft(recipe, options.only, options.again, _device(options.device), _report):
        _report(f"{_seen(folder)}: adapter")
    matrix = _seen(write_matrix(recipe, options.recipe))
    _report(f"{matrix}: matrix; next: pytest evals --eval-matrix {matrix}")


def _speed(options: argparse.Namespace) -> None:
    from training.speed import run

    run(options.out, options.base, options.steps, options.layers, options.only, _report)


def _tokenizer(options: argparse.Namespace) -> None:
    from training.pretraining import tokenizer
    from training.pretraining.corpus import read_corpus
    from training.pretraining.recipe import read_base

    recipe = read_base(options.recipe)
    corpus = read_corpus(options.corpus or recipe.corpus)
    trained = tokenizer.train(tokenizer.corpus_texts(corpus), recipe.model.vocabulary)
    folder = options.out or recipe.out
    tokenizer.save(trained, folder, recipe.model.max_positions)
    _report(f"{_seen(folder)}: tokenizer with {trained.get_vocab_size():,} tokens")


def _pretrain(options: argparse.Namespace) -> None:
    from training.pretraining.pretrain import Budget, pretrain
    from training.pretraining.recipe import read_base

    recipe = read_base(options.recipe)
    recipe = dataclasses.replace(
        recipe,
        corpus=options.corpus or recipe.corpus,
        out=options.out or recipe.out,
        probe=dataclasses.replace(recipe.probe, data=options.data or recipe.probe.data),
    )
    steps = None if options.minutes else options.steps or recipe.steps
    folder = pretrain(recipe, Budget(steps, options.minutes), _device(options.device), _report)
    _report(f"{_seen(folder)}: model written")


def _device(wanted: str | None) -> str:
    import torch

    found = torch.cuda.is_available()
    if wanted == "cuda" and not found:
        raise ConfigError("--device cuda: this machine has no usable GPU")
    return wanted or ("cuda" if found else "cpu")


def _seen(path: Path) -> str:
    """A path as seen from here, where that is shorter."""
    return min(os.path.relpath(path), str(path), key=len)


if __name__ == "__main__":
    sys.exit(main())
