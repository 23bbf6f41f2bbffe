registration-hook eval members < fixtures/members/allow.request.json
