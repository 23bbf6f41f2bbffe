registration-hook replay fixtures --filter members/d
