registration-hook replay fixtures --user admin:secret
