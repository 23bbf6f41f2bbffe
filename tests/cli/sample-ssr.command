registration-hook sample ssr --set email=ann@okta.com --set accepted:=true --set 'note=a:=b "c"'
