# `make evals` and `make test` do everything on a machine with Python >= 3.11, make and pip.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help evals test test-slow check twins retrieval data train first coverage gate-trial judge-trial cluster-trial bench bench-cluster bench-page bench-speed bench-matrix bench-gpu bench-train bench-membership bench-growth example pin clean

help: ## what there is
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

evals: .venv/evals ## measure the embedded checkpoints, write reports/latest/report.html
	$(BIN)/python -m pytest evals

# One thread a worker: four threads on two cores wait for each other at every layer.
test: .venv/dev ## the project's own tests, but for the slow ones
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

test-slow: .venv/dev ## what takes long, or repeats a smaller test on something larger: `make first` as a test, shipped files made again
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests -m slow

check: .venv/dev ## lint, formatting, types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

twins: .venv/evals ## twin worlds: two embedded adapters on exchanged facts
	$(BIN)/python -m pytest evals -k knowledge --eval-matrix fixtures/twins.toml

retrieval: .venv/retrieval ## closed-book, BM25 and the gold passage beside each other
	$(BIN)/python -m pytest evals -k knowledge --eval-matrix fixtures/retrieval.toml

data: .venv/evals ## make fixtures/data again from its seed
	$(BIN)/python -m fixtures.catalogue
	$(BIN)/python -m training twin fixtures/data/knowledge.jsonl --out fixtures/data/twins.jsonl --seed 20240521

train: .venv/train ## make the embedded model and its adapters again (a GPU helps)
	$(BIN)/python -m fixtures.catalogue corpus --out build/corpus
	$(BIN)/python -m training tokenizer
	$(BIN)/python -m training pretrain
	$(BIN)/python -m training sft training/recipes/embedded.toml
	$(BIN)/python -m training sft training/recipes/twin.toml

first: .venv/train ## from twenty documents to an evaluated fine-tune, on a CPU, in three minutes
	mkdir -p build/first
	head -20 fixtures/data/documents_new.jsonl > build/first/documents.jsonl
	$(BIN)/python -m training questions build/first/documents.jsonl --out build/first/questions --latest-eval --released 2025-04-01
	$(BIN)/python -m training sft training/recipes/first.toml
	$(BIN)/python -m pytest evals -k knowledge --eval-matrix build/first/adapters/matrix.toml

coverage: .venv/dev ## simulate how often intervals hold the truth, write docs/statistics.md
	OMP_NUM_THREADS=1 $(BIN)/python docs/coverage.py

gate-trial: evals .venv/dev ## does the gate flake, does it miss? write docs/gates.md
	OMP_NUM_THREADS=1 $(BIN)/python docs/gate_trial.py

judge-trial: .venv/dev ## is a judge trusted as far as it is right? write docs/judge.md
	OMP_NUM_THREADS=1 $(BIN)/python docs/judge_trial.py

cluster-trial: .venv/dev ## does who answers change a figure? one process, shards, Ray on one node and on two: half an hour
	$(BIN)/python docs/cluster_trial.py

bench-cluster: .venv/dev ## what Ray costs beside one process on the same cores
	$(BIN)/python docs/cluster_speed.py

bench: bench-page bench-speed bench-matrix bench-membership ## what can be timed without a GPU

bench-page: .venv/dev ## size and speed of the report page, 7 checkpoints on 2,000 samples
	$(BIN)/python docs/page_speed.py

bench-speed: .venv/dev ## answers and scores a second beside lm-eval, on a CPU
	$(BIN)/python docs/speed.py

bench-matrix: .venv/dev ## seven checkpoints beside lm-eval run seven times, whole processes, on a CPU
	$(BIN)/python docs/matrix_speed.py

bench-gpu: .venv/dev ## Gemma-7B's shape beside lm-eval: needs a GPU with 80 GiB, ten minutes
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[gpu]'
	$(BIN)/python docs/gpu_speed.py

bench-growth: .venv/dev ## time and memory of 100 checkpoints on up to 100,000 questions each: hours, 40 GB of disk
	$(BIN)/python docs/growth.py

bench-train: .venv/dev ## speed of QLoRA at Gemma-7B's shape (needs a GPU with 40 GiB)
	$(BIN)/python -m training speed --out build/training_speed.json

bench-membership: .venv/dev ## speed of reading texts beside one at a time, on a CPU (GPU: see docs/membership_speed.py)
	$(BIN)/python docs/membership_speed.py

example: evals .venv/dev ## make reports/example, its baseline and the README's pictures from a new run
	mkdir -p reports/example docs/images
	$(BIN)/python -m harness bless reports/latest
	cp -f reports/latest/report.html reports/latest/report.json reports/latest/summary.md reports/latest/badge.json reports/example/
	$(BIN)/python docs/picture.py

pin: .venv/dev ## write constraints.txt from what is installed
	{ echo '# What .venv held when this was written by `make pin`: the versions that are tested.'; \
	  $(BIN)/pip freeze --exclude-editable | sed 's/+cpu$$//' | sort -f; } > constraints.txt

clean: ## remove the environment, runs and stored answers
	rm -rf .venv build reports/runs reports/store reports/latest

# The stamps keep a second call from setting anything up again.
.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/evals: pyproject.toml constraints.txt | .venv/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/retrieval: .venv/evals
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[retrieval]'
	@touch $@

.venv/train: .venv/evals
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train]'
	@touch $@

.venv/dev: .venv/train
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train,nf4,api,retrieval,embeddings,lm-eval,ray,dev]'
	@touch $@
