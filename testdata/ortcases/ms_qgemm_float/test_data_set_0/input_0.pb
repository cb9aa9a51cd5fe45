Bx0Jk!W
ÔX*R®©¡