registration-hook replay fixtures --filter members/ | head -1
