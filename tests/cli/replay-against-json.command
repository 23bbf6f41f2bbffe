registration-hook replay fixtures --against old-rules --format json --filter deny
