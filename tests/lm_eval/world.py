"""Tasks of lm-eval in local files, one for each way it asks, made here."""

from __future__ import annotations

import json
from pathlib import Path

DOCUMENTS = [
    {
        "n": n,
        "title": f"題{n // 2}",
        "question": f"商品{n}の価格はいくらですか。",
        "answers": [f"{1000 + n}円", f"{1000 + n} yen"],
        "choices": [f"{1000 + n}円", "5円", "品切れ"],
        "label": n % 3,
        "text": f"商品{n}は{1000 + n}円です。 It costs {1000 + n} yen.",
    }
    for n in range(8)
]
_COMMON = """
dataset_path: json
dataset_kwargs:
  data_files:
    train: {train}
    test: {test}
test_split: test
metadata:
  version: {version}
"""
TASKS = {
    "quiz_write": """
output_type: generate_until
training_split: train
fewshot_split: train
num_fewshot: 2
description: "答えを書きなさい。\\n\\n"
doc_to_text: "質問：{{question}}\\n応答："
doc_to_target: "{{answers[0]}}"
target_delimiter: ""
generation_kwargs:
  until: ["\\n", "。"]
  max_gen_toks: 12
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
filter_list:
  - name: strict
    filter: [{function: take_first}]
  - name: digits
    filter:
      - {function: regex, regex_pattern: "(\\\\d+)"}
      - {function: take_first}
""",
    "quiz_choose": """
output_type: multiple_choice
num_fewshot: 0
doc_to_text: "質問：{{question}}\\n応答："
doc_to_target: label
doc_to_choice: choices
target_delimiter: ""
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_norm, aggregation: mean, higher_is_better: true}
  - {metric: brier_score, aggregation: brier_score, higher_is_better: false}
""",
    "quiz_contexts": """
output_type: multiple_choice
doc_to_text: label
doc_to_target: "です。"
doc_to_choice: choices
target_delimiter: ""
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
""",
    "quiz_likely": """
output_type: loglikelihood
doc_to_text: "質問：{{question}}\\n応答： "
doc_to_target: "{{answers[0]}}"
metric_list:
  - {metric: perplexity, aggregation: perplexity, higher_is_better: false}
  - {metric: acc, aggregation: mean, higher_is_better: true}
""",
    "quiz_rolling": """
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: text
metric_list:
  - {metric: word_perplexity, aggregation: weighted_perplexity, higher_is_better: false}
  - {metric: bits_per_byte, aggregation: bits_per_byte, higher_is_better: false}
""",
}


def make_tasks(folder: Path, version: str = "1.0") -> Path:
    """A folder of YAML files beside their data; `include_path` names it."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {"train": DOCUMENTS[:5], "test": DOCUMENTS[2:]}
    for name, rows in files.items():
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")
    places = {name: json.dumps(str(folder / f"{name}.jsonl")) for name in files}
    for name, body in TASKS.items():
        yaml = f"task: {name}{body}{_COMMON.format(**places, version=version)}"
        (folder / f"{name}.yaml").write_text(yaml, "utf-8")
    group = "group: quiz\ntask: [quiz_write, quiz_choose]\n"
    (folder / "quiz.yaml").write_text(group, "utf-8")
    lost = "task: quiz_lost\ndataset_path: nobody/lost\ndataset_name: here\ntest_split: test\n"
    (folder / "quiz_lost.yaml").write_text(lost, "utf-8")
    return folder
