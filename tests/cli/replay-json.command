registration-hook replay changed --format json
