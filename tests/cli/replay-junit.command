registration-hook replay changed --format junit
