registration-hook replay fixtures --against old-rules --format github
