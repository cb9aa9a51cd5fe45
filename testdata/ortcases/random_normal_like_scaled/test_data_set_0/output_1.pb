	B
mean_rightJ