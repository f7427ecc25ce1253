"""What people read in chat: words, cards, menus and banners, in Thai and English.

Services say what happened; these modules say it to somebody. A rule does not live here, nor the
sending. Begin with `words`, which tells what a typed sentence asks for, or with the noun that you
look for: the file is named after it.
"""
