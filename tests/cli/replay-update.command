registration-hook replay changed --update && registration-hook replay changed --update
