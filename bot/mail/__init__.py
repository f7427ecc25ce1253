"""The only speaker of SMTP and IMAP: mails as bytes, handed in, and what of them comes back."""
