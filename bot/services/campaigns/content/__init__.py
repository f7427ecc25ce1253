"""What an announcement says: its parts, checked and bound to an approval byte by byte.

Begin with `content`, which has the stored shape.
"""
