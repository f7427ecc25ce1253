"""What services have to say, in words and on cards: notices, menus, announcements, files to read.

It reads what services know and decides nothing; what a person may do stands in bot/services. A
reader begins at presenter.py, through which services reach it.
"""
