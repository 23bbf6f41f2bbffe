registration-hook replay changed
