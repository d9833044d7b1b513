"""Membership evidence: was a text in what a model was trained on? Pure; asks no model.

attacks  scores of a text that was read token by token; higher: more like a text trained on
panel    what attacks say of labelled texts, and whether that is evidence; enough: of how many
ranks    where a fact's true value stands among values that could as well be true; claims: what
         that allows to say
blind    what tells the two sides of a calibration pair apart without any model; features: of what
"""
