"""trl's trainer over the frozen base with a fresh LoRA adapter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.finetuning.recipe import SftRecipe
from training.finetuning.sampling import LengthGrouped

if TYPE_CHECKING:
    from trl import SFTConfig, SFTTrainer

_LOGGED = 500  # losses of a run that are kept at most


def make_trainer(
    recipe: SftRecipe,
    epochs: int,
    rows: Sequence[dict[str, list[int]]],
    network: Any,
    tokenizer: Any,
    work: Path,
) -> SFTTrainer:
    """The trainer; writes nothing but to `work`. rows: see `training.finetuning.tokens`."""
    import datasets
    from transformers import PrinterCallback, set_seed
    from trl import SFTTrainer

    datasets.disable_progress_bars()
    set_seed(recipe.seed)  # the adapter's first weights are drawn when the trainer is made
    steps = -(-len(rows) // (recipe.batch_size * recipe.accumulate)) * epochs
    lengths = [len(row["input_ids"]) for row in rows]

    class Trainer(SFTTrainer):  # type: ignore[misc]
        """trl's, with rows of like length together where the recipe asks for it."""

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            if not recipe.group_by_length:
                return super()._get_train_sampler(train_dataset)
            return LengthGrouped(lengths, recipe.batch_size, recipe.seed)

    trainer = Trainer(
        model=network,
        args=_arguments(recipe, epochs, steps, network.device.type, work),
        train_dataset=datasets.Dataset.from_list(list(rows)),
        processing_class=tokenizer,
        peft_config=lora_config(recipe),
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def lora_config(recipe: SftRecipe) -> Any:
    """The recipe's adapter as peft takes it."""
    from peft import LoraConfig

    return LoraConfig(
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=recipe.lora.targets,
        task_type="CAUSAL_LM",
    )


def _arguments(recipe: SftRecipe, epochs: int, steps: int, device: str, work: Path) -> SFTConfig:
    from trl import SFTConfig

    arguments = SFTConfig(
        output_dir=str(work),
        save_strategy="no",  # the keeper asks for saves by the clock
        save_total_limit=2,  # one may be cut off in the writing
        num_train_epochs=epochs,
        per_device_train_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.accumulate,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.schedule,
        warmup_steps=recipe.warm_up,
        weight_decay=0.0,
        max_grad_norm=1.0,
        max_length=recipe.max_length,
        bf16=recipe.precision == "bf16",
        use_cpu=device == "cpu",
        # trl switches it on. It saves memory at a third of the speed; recipes that need it say so.
        gradient_checkpointing=recipe.recompute_activations,
        seed=recipe.seed,
        data_seed=recipe.seed,
        logging_steps=max(1, steps // _LOGGED),
        report_to="none",
        disable_tqdm=True,
    )
    if device == "cuda":
        # transformers would give every GPU it sees `batch_size` rows: another training on each
        # machine. It sets this itself where a model is spread over GPUs.
        arguments._n_gpu = 1
    return arguments
