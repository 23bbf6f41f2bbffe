registration-hook sample ssr --set accepted:=yes
