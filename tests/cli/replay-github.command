registration-hook replay changed --format github
