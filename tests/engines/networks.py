"""Random networks of a few thousand weights, one for each way of making logits or attention."""

from __future__ import annotations

from typing import Any

SHAPE = {
    "vocab_size": 60, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16, "max_position_embeddings": 64,
    "initializer_range": 0.6, "tie_word_embeddings": False, "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0,
}  # fmt: skip
GPT2 = {
    "vocab_size": 60, "n_embd": 32, "n_layer": 2, "n_head": 2, "n_positions": 64,
    "initializer_range": 0.6, "bos_token_id": 2, "eos_token_id": 1, "pad_token_id": 0,
}  # fmt: skip
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "Gemma": ("GemmaConfig", {}),
    "Gemma2": ("Gemma2Config", {"sliding_window": 8, "final_logit_softcapping": 4.0}),
    "Gemma3": ("Gemma3TextConfig", {"sliding_window": 8}),
    "Llama": ("LlamaConfig", {"tie_word_embeddings": True}),
    "Mistral": ("MistralConfig", {"sliding_window": 8}),
    "Qwen2": ("Qwen2Config", {}),
    "Granite": ("GraniteConfig", {"logits_scaling": 3.0}),  # logits are divided
    "Cohere": ("CohereConfig", {"logit_scale": 0.25}),  # logits are multiplied
    "Phi": ("PhiConfig", {}),  # the output layer has a bias
    "GPT2": ("GPT2Config", GPT2),
    "Bloom": ("BloomConfig", {"n_layer": 2, "n_head": 2}),  # ALiBi: no positions to give
    "Mamba": ("MambaConfig", {"state_size": 4}),  # no attention
}


def network(name: str, dtype: str = "float32", **more: Any) -> Any:
    """A random network of a kind, the same each time."""
    import torch
    import transformers

    config, own = KINDS[name]
    torch.set_num_threads(1)  # a second one costs such small products more than it brings
    shape = {**(own if name == "GPT2" else {**SHAPE, **own}), **more}
    torch.manual_seed(1)
    made = transformers.AutoModelForCausalLM.from_config(getattr(transformers, config)(**shape))
    for parameter in made.parameters():
        if parameter.dim() == 1:  # biases begin at 0
            torch.nn.init.normal_(parameter, std=0.3)
    return made.to(getattr(torch, dtype)).eval()
