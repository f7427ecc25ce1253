"""What a phone number leaves behind where it was printed, whole or in part."""

import re

# Four digits alone would be found in every thousandth hexadecimal token too, by chance.
PHONE_END = re.compile(r"812345678|234-5678|(?<![0-9A-Za-z_-])5678(?![0-9A-Za-z_-])")
