registration-hook eval members -
