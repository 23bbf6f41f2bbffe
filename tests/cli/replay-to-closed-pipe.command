(sleep 0.1; registration-hook replay fixtures) | true
