def test_story(someone):
    from tests.chat import words
    c = someone("มะลิ")
    print(words(c.adds_the_account()), c.labels())
    for act in ("สมัครเรียน", "tap:ยินยอม", "tap:20 ปีขึ้นไป", "สมชาย ใจดี", "๐๘๑-๒๓๔ ๕๖๗๘", "somchai@gmial.com", "tap:ใช่ แก้ให้เลย", "somchai.j", "tap:รับข่าวสาร", "tap:ไม่รับ ขอบคุณ", "tap:ยืนยันและสมัคร"):
        print("\n>>>", act)
        out = c.taps(act[4:]) if act.startswith("tap:") else c.says(act)
        print(words(out), c.labels())
    print(c.platform.paid, c.platform.free, [ (x.endpoint,x.status,x.error) for x in c.platform.calls if x.status>=400])
