"""What is made up, and whether the model's own doubt tells: pure of engines and files.

labels      which answers are made up, by the grader's word and what the model can know
signals     what an answer's tokens, and further answers, tell of the model's doubt
followups   what is asked about answers, once there are some
study       do the signals tell made-up answers from right ones, better than blind controls do?
selection   how many questions may be answered at a risk
"""
