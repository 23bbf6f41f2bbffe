(sleep 0.1; registration-hook eval members fixtures/members/allow.request.json --explain) 2>&1 | true
