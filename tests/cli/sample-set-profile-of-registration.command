registration-hook sample ssr --set profile.userType=contractor
