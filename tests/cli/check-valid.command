registration-hook check
