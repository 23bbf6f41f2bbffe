registration-hook replay fixtures --filter guide
