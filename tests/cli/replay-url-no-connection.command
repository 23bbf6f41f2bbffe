registration-hook replay fixtures --url http://127.0.0.1:1 --user admin:secret
