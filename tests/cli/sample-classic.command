registration-hook sample classic
