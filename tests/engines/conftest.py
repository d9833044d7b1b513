"""Tiny random models, made here: a Gemma of a few thousand weights and adapters for it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from harness.records import Checkpoint, Model

TEMPLATE = (Path(__file__).parents[2] / "fixtures/gemma_chat.jinja").read_text("utf-8")


def make_base(folder: Path, hidden: int = 32, seed: int = 0) -> Path:
    """A random GemmaForCausalLM with a byte tokenizer that prepends <bos>."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
    from transformers import GemmaConfig, GemmaForCausalLM, PreTrainedTokenizerFast

    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"]
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {word: i for i, word in enumerate(special + letters)}
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.TemplateProcessing(
        single="<bos> $A", special_tokens=[("<bos>", 2)]
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, bos_token="<bos>", eos_token="<eos>", pad_token="<pad>",
        unk_token="<unk>", additional_special_tokens=special[4:],
    )  # fmt: skip
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = GemmaConfig(
        vocab_size=len(vocabulary), hidden_size=hidden, intermediate_size=2 * hidden,
        num_hidden_layers=2, num_attention_heads=2, num_key_value_heads=1, head_dim=16,
        max_position_embeddings=512, initializer_range=0.5, bos_token_id=2, eos_token_id=1, pad_token_id=0,
    )  # fmt: skip
    network = GemmaForCausalLM(config)
    network.generation_config.eos_token_id = [1, 5]
    network.generation_config.repetition_penalty = 1.7  # must not reach our greedy decoding
    network.save_pretrained(folder)
    return folder


def make_adapter(base: Path, folder: Path, effect: bool = True, seed: int = 0) -> Path:
    """A LoRA adapter for a base; without effect its second matrix stays zero, as before training."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    network = AutoModelForCausalLM.from_pretrained(base)
    torch.manual_seed(seed)
    tuned = get_peft_model(
        network, LoraConfig(r=4, target_modules=["q_proj", "up_proj"], init_lora_weights=not effect)
    )
    tuned.save_pretrained(folder)
    return folder


def as_model(folder: Path, **more: Any) -> Model:
    return Model("tiny", str(folder), datetime.date(2025, 1, 1), **more)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """base/, adapter-a/, adapter-b/ (same base), dead/ (no effect), foreign/ (another width)."""
    folder = tmp_path_factory.mktemp("tiny")
    make_base(folder / "base")
    make_base(folder / "wide", hidden=48)
    make_adapter(folder / "base", folder / "adapter-a", seed=1)
    make_adapter(folder / "base", folder / "adapter-b", seed=2)
    make_adapter(folder / "base", folder / "dead", effect=False)
    make_adapter(folder / "wide", folder / "foreign")
    return folder


@pytest.fixture
def checkpoints(tiny: Path) -> dict[str, Checkpoint]:
    """The base and its adapters as checkpoints."""
    model = as_model(tiny / "base")
    names = ("adapter-a", "adapter-b", "dead", "foreign", "absent")
    return {
        "base": Checkpoint("base", model),
        **{name: Checkpoint(name, model, adapter=tiny / name) for name in names},
    }
