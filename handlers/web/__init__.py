"""What pages of the portal and of the console share: the bot, language, cookies, headers, errors.

It knows neither learners' sessions nor those of staff.
"""
