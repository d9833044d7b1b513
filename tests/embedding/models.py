"""Tiny sentence-transformers folders: made in a moment, the same each time, good for nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

LETTERS = "abcdefghijklmnopqrstuvwxyz :"
WIDTH = 6


def letters(seed: int = 1) -> dict[str, Any]:
    """A vector for each letter."""
    drawn = np.random.default_rng(seed)
    return {letter: drawn.normal(size=WIDTH).astype(np.float32) for letter in LETTERS}


def by_hand(text: str, seed: int = 1) -> Any:
    """What `static_model` makes of a text: the mean of its letters' vectors."""
    known = letters(seed)
    return np.mean([known[letter] for letter in text], axis=0)


def cosine(one: Any, other: Any) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def characters(vocabulary: str = LETTERS) -> Any:
    """A tokenizer that has a token for each letter."""
    from tokenizers import Regex, Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Split

    vocab = {"[UNK]": 0, "[PAD]": 1, "[CLS]": 2, "[SEP]": 3}
    vocab |= {letter: number for number, letter in enumerate(vocabulary, len(vocab))}
    tokenizer = Tokenizer(WordLevel(vocab, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Split(Regex("."), "isolated")
    return tokenizer


def static_model(folder: Path, seed: int = 1, prompts: dict[str, str] | None = None) -> Path:
    """Letters' vectors, averaged. What is no letter has the vector zero."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    known = letters(seed)
    weights = np.zeros((len(LETTERS) + 4, WIDTH), dtype=np.float32)
    for number, letter in enumerate(LETTERS, 4):
        weights[number] = known[letter]
    module = StaticEmbedding(characters(), embedding_weights=weights)
    SentenceTransformer(modules=[module], prompts=prompts, device="cpu").save(str(folder))
    return folder


def bert_model(folder: Path, most: int = 12) -> Path:
    """A BERT of one layer with random weights, mean pooling; takes `most` tokens of a text."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers.processors import TemplateProcessing
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    raw = characters()
    raw.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    own = folder.with_name(f"{folder.name}-bert")
    PreTrainedTokenizerFast(
        tokenizer_object=raw, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]",
        sep_token="[SEP]", model_max_length=most,
    ).save_pretrained(own)  # fmt: skip
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(LETTERS) + 4, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=64,
    )  # fmt: skip
    BertModel(config).save_pretrained(own)
    transformer = Transformer(str(own), max_seq_length=most)
    pooling = Pooling(transformer.get_embedding_dimension(), "mean")
    SentenceTransformer(modules=[transformer, pooling], device="cpu").save(str(folder))
    return folder
