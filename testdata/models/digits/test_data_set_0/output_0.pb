

BprobabilitiesJ(b6·69›U:óÕR9Üag6ğA6Œ€5?¿?·¢688