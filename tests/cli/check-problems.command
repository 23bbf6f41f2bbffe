registration-hook check --rules broken-rules
