(sleep 0.1; registration-hook replay --help) | true
