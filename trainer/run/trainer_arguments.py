"""The arguments of Hugging Face's Trainer: optimizer, schedule, and all of its own output off.

This module does not know our options; saving, logging and evaluating are the loop's.
"""

from pathlib import Path

from transformers import TrainingArguments


def trainer_arguments(
    folder: Path, *, steps: int, learning_rate: float, warmup_steps: int, seed: int
) -> TrainingArguments:
    """Return the Trainer's arguments: linear decay after the warm-up, AdamW, clipping at 1."""
    return TrainingArguments(
        output_dir=str(folder),
        max_steps=steps,
        per_device_train_batch_size=1,
        learning_rate=learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=warmup_steps,
        optim="adamw_torch",
        seed=seed,
        use_cpu=True,
        save_strategy="no",
        logging_strategy="no",
        eval_strategy="no",
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=False,
    )
