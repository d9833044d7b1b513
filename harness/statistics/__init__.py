"""Statistics: figures with their uncertainty. Pure; knows only `harness.records`.

intervals       means and proportions, plain and clustered
bootstrap       cluster bootstrap of anything made of weighted sums
classification  accuracy, balanced accuracy, macro-F1
relative        a checkpoint's scores over the baseline's
"""
