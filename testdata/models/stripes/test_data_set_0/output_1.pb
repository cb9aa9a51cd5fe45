
Blabel2rising