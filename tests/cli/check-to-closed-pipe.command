(sleep 0.1; registration-hook check) | true
