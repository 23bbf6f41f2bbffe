registration-hook sample pp --set employeeNumber:=1234 --set profile.userType=contractor
