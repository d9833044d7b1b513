"""Command line: python -m training questions | sft | tokenizer | pretrain."""

from __future__ import annotations

import argparse
import dataclasses
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


def _report(line: str) -> None:
    print(line, flush=True)


def _sft(options: argparse.Namespace) -> None:
    from training.finetuning.matrix import write_matrix
    from training.finetuning.recipe import read_sft
    from training.finetuning.sft import sft

    recipe = read_sft(options.recipe)
    for folder in sft(recipe, options.only, options.again, _device(options.device), _report):
        _report(f"{_seen(folder)}: adapter")
    matrix = _seen(write_matrix(recipe, options.recipe))
    _report(f"{matrix}: matrix; next: pytest evals --eval-matrix {matrix}")


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
