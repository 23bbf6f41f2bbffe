registration-hook eval member fixtures/members/allow.request.json
