"""The only speaker of SMTP: mails as bytes, and the connection that hands them in."""
