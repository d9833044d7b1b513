"""A language model that grades written answers, and how far it is trusted. Pure.

rubric       what counts as right: built in, in Japanese and English, or a team's own file
prompt       an answer and its reference as what the judge is asked
verdict      what a judge said, read leniently; several times of one answer put together
meaning      two answers to one question: whether they mean the same
asking       a judge asked of the answers of an item
counting     whose word counts: a person's, a calibrated judge's, the rule's
calibration  how far a judge agrees with people, kind by kind, in a file
"""
