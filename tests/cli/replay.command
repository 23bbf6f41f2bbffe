registration-hook replay fixtures
