registration-hook replay fixtures --against rules
