
BscoresJ¾å“<ºå“<;Áv?ÌTÓ6