
BprobabilitiesJâ|~7¥ç?‘àº9