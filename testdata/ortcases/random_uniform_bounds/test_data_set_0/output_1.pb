	B
high_rightJ