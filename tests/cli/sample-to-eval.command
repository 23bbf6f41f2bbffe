registration-hook sample ssr --set email=ann@example.com | registration-hook eval members -
