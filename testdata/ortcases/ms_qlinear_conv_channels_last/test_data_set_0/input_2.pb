Bx2J
