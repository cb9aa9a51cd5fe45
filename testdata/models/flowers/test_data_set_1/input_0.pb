
BmeasuresJr±Ä@æµ3@ıÒ@ıÉ¿?