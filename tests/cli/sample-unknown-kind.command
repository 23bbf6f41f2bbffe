registration-hook sample saml
