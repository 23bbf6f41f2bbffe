(sleep 0.1; registration-hook sample ssr) | true
