"""The embedded model's tokenizer: BPE with byte fallback over script runs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing

from harness.errors import ConfigError
from training.pretraining.corpus import Corpus

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SPECIALS = ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>")
PAD, EOS, BOS, UNK, START_OF_TURN, END_OF_TURN = range(6)
BYTES = tuple(f"<0x{value:02X}>" for value in range(256))

# One piece per script run, so that no token mixes kanji with the particle after it; digits
# and symbols fall to the last branch one by one, so that 7,700 and 7,800 share their tokens.
SPLIT = r"▁?\p{Latin}+|[\p{Han}々]+|\p{Hiragana}+|[\p{Katakana}ー]+|▁+|[\s\S]"

# The line break stands before a turn and not after it: the last token of a rendered chat is
# then <end_of_turn>, and a loss on the answer ends there instead of on a stray line break.
CHAT_TEMPLATE = (
    "{{ bos_token }}"
    "{%- for message in messages -%}"
    "{%- if message['role'] not in ('user', 'assistant') -%}"
    "{{ raise_exception('this model knows only the roles user and assistant') }}"
    "{%- elif (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}"
    "{{ raise_exception('turns must alternate, beginning with user') }}"
    "{%- endif -%}"
    "{%- if not loop.first -%}{{ '\\n' }}{%- endif -%}"
    "{{ '<start_of_turn>' + ('user' if message['role'] == 'user' else 'model') + '\\n' }}"
    "{{ message['content'] | trim }}{{ '<end_of_turn>' }}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{ '\\n<start_of_turn>model\\n' }}{%- endif -%}"
)


def _alphabet() -> list[str]:
    """Characters that get a token whether or not the corpus has them."""
    ascii_text = [chr(code) for code in range(0x21, 0x7F)]
    kana = [chr(code) for code in (*range(0x3041, 0x3094), *range(0x30A1, 0x30F7))]
    return ["\n", "▁", "ー", "、", "。", "「", "」", "（", "）", *ascii_text, *kana]


def train(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Byte-fallback BPE with at most `vocabulary` tokens, specials and bytes first.

    Rare characters are spelt in bytes. The one lossy character is a literal U+2581, which
    decodes to a space (as in every tokenizer that writes spaces so).
    """
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(SPLIT), "isolated")
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[*SPECIALS, *BYTES],
        initial_alphabet=_alphabet(),
        # Above this many characters the rarest go to bytes, or no room is left for merges.
        limit_alphabet=max(vocabulary // 2, len(_alphabet())),
        max_token_length=12,
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _with_plain_bytes(tokenizer)


def _with_plain_bytes(tokenizer: Tokenizer) -> Tokenizer:
    """The same tokenizer with the byte tokens ordinary: as specials, decoding drops them."""
    tree = json.loads(tokenizer.to_str())
    tree["added_tokens"] = [token for token in tree["added_tokens"] if token["id"] < len(SPECIALS)]
    plain: Tokenizer = Tokenizer.from_str(json.dumps(tree))
    plain.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    plain.post_processor = TemplateProcessing(
        single="<bos> $A",
        pair="<bos> $A <bos>:1 $B:1",
        special_tokens=[("<bos>", BOS)],
    )
    return plain


def save(tokenizer: Tokenizer, folder: Path, model_max_length: int) -> None:
    """Writes the three files from which AutoTokenizer loads offline."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "backend": "tokenizers",
        "bos_token": "<bos>",
        "clean_up_tokenization_spaces": False,
        "eos_token": "<eos>",
        "extra_special_tokens": ["<start_of_turn>", "<end_of_turn>"],
        "model_input_names": ["input_ids", "attention_mask"],
        "model_max_length": model_max_length,
        "pad_token": "<pad>",
        "padding_side": "left",
        "tokenizer_class": "TokenizersBackend",
        "unk_token": "<unk>",
    }
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    text = json.dumps(settings, indent=2, ensure_ascii=False) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE, encoding="utf-8")


def load(folder: Path) -> PreTrainedTokenizerBase:
    """The tokenizer saved in `folder`; ConfigError where there is none."""
    from transformers import AutoTokenizer

    if not (folder / "tokenizer.json").is_file():
        raise ConfigError(
            f"{folder}: no tokenizer.json; make it with: python -m training tokenizer"
        )
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
        str(folder), local_files_only=True
    )
    return tokenizer


def corpus_texts(corpus: Corpus) -> Iterator[str]:
    """All text of the corpus that the tokenizer learns from."""
    for documents in corpus.documents.values():
        yield from documents
    for chats in corpus.chats.values():
        for chat in chats:
            yield chat.prompt
            yield chat.answer
