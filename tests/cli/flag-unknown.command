registration-hook replay --agianst old-rules
