
Bspecies2setosa2
versicolor2	virginica