"""Statistics: figures with their uncertainty. Pure; knows only `harness.records`.

intervals       means and proportions, plain and clustered
bootstrap       cluster bootstrap of anything made of weighted sums
classification  accuracy, balanced accuracy, macro-F1
paired          differences between two checkpoints on the same questions
significance    tests of such a difference: sign flips of whole documents, McNemar
multiplicity    p-values of several tests at once: Holm, Benjamini-Hochberg
power           how many questions a paired comparison takes
precision_recall  average precision
calibration     Brier score, expected calibration error, reliability
selective       risk and coverage, a threshold and what it does on other questions
entropy         of meanings, and agreement among answers
roc             AUROC, its differences, operating points; threshold: where a score calls a member
equivalence     a mean shown to lie near a value
agreement       two people on the same answers: Cohen's kappa
double_sampling an accuracy corrected for the rule's errors, from a few answers graded by a person
relative        a checkpoint's scores over the baseline's
"""
