"""Grading: what an answer is worth, by rule. Pure; knows only `harness.records`.

text        normalisation shared by the parsers
extractive  JSQuAD: three definitions of exact match and F1, each named
choice      the likeliest label
numerals    Japanese and Arabic numerals
values      typed values found in a text: money, dates, measures, sizes, names ...
texts       references in words: what can be told of them by wording
facts       is a typed fact stated, contradicted, or abstained from
slots       where in an answer its values stand
meanings    which answers mean the same
damage      signs that a model no longer speaks as it should
answers     a fact out of a model answer, where a file brings no typed ones
"""
