registration-hook eval members fixtures/members/deny.request.json
