"""Answers as people write them in a chat: the value is found, and nothing of it is lost."""

import pytest

from bot.errors import InputError
from bot.services.people import answers, fields, names
from bot.services.people.fields import FIELDS, Item
from bot.services.shared import codes, politeness
from models.learner import AgeBand


def read(item, said, *, insists=False):
    """What is kept of an answer, or the code of its refusal."""
    try:
        return fields.read_answer(item, said, insists=insists)
    except InputError as error:
        return error.code


def differing(item, expected):
    """The answers that are not read as expected, with what came instead."""
    return {said: found for said, kept in expected.items() if (found := read(item, said)) != kept}


NAMES = {
    "สมหญิง ศรีสุวรรณ์ค่ะ": "สมหญิง ศรีสุวรรณ์",
    "สมหญิง ศรีสุวรรณ์ ค่ะ": "สมหญิง ศรีสุวรรณ์",
    "สมชาย ใจดีครับ": "สมชาย ใจดี",
    "สมชาย ใจดีครับผม": "สมชาย ใจดี",
    "สมชาย ใจดี คับ": "สมชาย ใจดี",
    "สมหญิง ใจดีนะคะ": "สมหญิง ใจดี",
    "สมหญิง ใจดี นะคะ": "สมหญิง ใจดี",
    "สมหญิง ใจดีคะ": "สมหญิง ใจดี",
    "สมหญิง ใจดี จ้า": "สมหญิง ใจดี",
    "ชื่อสมชาย ใจดีครับ": "สมชาย ใจดี",
    "ชื่อ สมชาย นามสกุล ใจดี ครับ": "สมชาย ใจดี",
    "ชื่อสมชายนามสกุลใจดี": "สมชาย ใจดี",
    "ชื่อ-นามสกุล: สมชาย ใจดี": "สมชาย ใจดี",
    "ชื่อ-สกุล สมชาย ใจดี": "สมชาย ใจดี",
    "ผมชื่อสมชาย ใจดีครับ": "สมชาย ใจดี",
    "ชื่อของผมคือ สมชาย ใจดี": "สมชาย ใจดี",
    "สวัสดีค่ะ ชื่อสมหญิง ใจดีค่ะ": "สมหญิง ใจดี",
    "my name is Somchai Jaidee": "Somchai Jaidee",
    "Hello, I'm Somchai Jaidee krub": "Somchai Jaidee",
    "Name: Somchai Jaidee": "Somchai Jaidee",
    "Somchai Jaidee ka": "Somchai Jaidee",
}
# Names that begin, end or go on like what people say around a name.
REAL = [
    "สมศรี ศรีคะนอง", "นะรา ค่ายทอง", "คะนึง คับพวง", "สมศรี นาคะ", "สมศรี มีค่า", "วัฒนะ ชนะ",
    "คะน้า สวยงาม", "ค่าคูณ ครับทอง", "ชื่นใจ ชื่อสัตย์", "จริงใจ นะวงศ์", "เป็นสุข คือชัย",
    "ไหม ทองดี", "สายไหม ใจดี", "น้ำ เส้นไหม", "ไม้ เอก", "ราม ทำไร่", "ขอพร ขอนแก่น",
    "หนูนา ผมหอม", "เราดี แม่นยำ", "อาหมี่ แซ่จ๊ะ", "อาหมี่ แซ่ จ้า", "ซารีฟะห์ อาฮะ",
    "รอฮีม รอมฎอน", "ใครครวญ ดีงาม", "ราคิน พิราคา", "ณ นคร", "สมชาย ณ อยุธยา", "สมหญิง แสงจ้า",
    "ปิยะ คะเชนทร์", "มาลี ค้าบุญ", "สกุลรัตน์ นามสง่า", "ธนะ รัตนะ", "กี่ แซ่กี่", "สวัสดี มีสุข",
    "สมชาย ชีนะ", "สกุล ใจดี", "วันดี ทาจีนะ", "มานะ ทัศนะ",
    "May Li Wong", "Will Smith", "How Wei Ling", "Price Johnson", "Ima Nameless", "Kanda Nakha",
    "Na Ra Ka Kim", "Ken Canada", "Do Van Minh", "Hi Yamada", "Isara Khan", "Dee Thanks-Wood",
]  # fmt: skip
NEW_ONES = {
    (Item.PHONE, "เบอร์ใหม่คือ ๐๘๑ ๒๓๔ ๕๖๗๘ ค่ะ"): "+66812345678",
    (Item.PHONE, "เบอร์ใหม่ของดิฉันคือ 081-234-5678"): "+66812345678",
    (Item.PHONE, "my new number is 0812345678"): "+66812345678",
    (Item.EMAIL, "อีเมลใหม่คือ somchai@gmail.com ค่ะ"): "somchai@gmail.com",
    (Item.EMAIL, "my new email is new@gmail.com"): "new@gmail.com",
    (Item.EMAIL, "เมลใหม่ของหนู new@gmail.com"): "new@gmail.com",
    (Item.EMAIL, "อีเมล new@gmail.com"): "new@gmail.com",
}
QUESTIONS = [
    "ขอสอบถาม ราคาก่อนได้ไหมคะ", "ราคาเท่าไหร่คะ", "ขอถามหน่อยค่ะ", "เรียนยังไงคะ", "มีใบเซอร์ไหม",
    "ฟรีไหมครับ", "เด็ก 8 ขวบเรียนได้มั้ย", "เรียนกี่ชั่วโมงคะ", "ทำไมต้องบอกชื่อ", "ไม่บอกได้ไหม",
    "เริ่มเรียนเมื่อไหร่", "ที่ไหนคะ", "คอร์สไหนดี", "อยากรู้ราคาก่อนค่ะ", "สมัครแล้วได้อะไร",
    "จ่ายเงินหรือเปล่า", "ต้องจ่ายไหม", "ไม่อยากบอกค่ะ", "รอแป๊บนะคะ", "เดี๋ยวค่อยบอกค่ะ", "ชื่ออะไร?",
    "How much is it", "what is the price?", "Can I ask something first", "is it free", "Why?",
    "Do I have to tell my name", "I have a question", "Where is the school", "price",
    "Tell me more",
]  # fmt: skip


def test_politeness_and_fillers_are_no_part_of_a_name():
    assert differing(Item.NAME, NAMES) == {}


def test_a_real_name_stays_whole():
    assert differing(Item.NAME, {name: name for name in REAL}) == {}


def test_a_real_name_stays_whole_under_politeness():
    """Whatever is said around it; or the person is asked, and nothing is taken silently."""
    wrong = {}
    for name in REAL:
        for said in (f"{name}ครับ", f"{name} ค่ะ", f"ชื่อ {name}", f"ชื่อ: {name} ค่ะ"):
            if (found := read(Item.NAME, said)) not in {name, "name_polite"}:
                wrong[said] = found
    assert wrong == {}


def test_a_question_is_not_a_name():
    wrong = differing(Item.NAME, dict.fromkeys(QUESTIONS, "name_question"))
    assert wrong == {}
    assert not any(map(names.is_question, REAL))


@pytest.mark.parametrize("said", ["ครับ", "ค่ะ", "ครับผม", ""])
def test_politeness_alone_is_no_name(said):
    assert read(Item.NAME, said) == "name_empty"


def test_what_may_be_politeness_or_a_surname_is_asked_about_and_kept_when_repeated():
    said = "สมหญิง รักไทยคะ"
    assert read(Item.NAME, said) == "name_polite"
    assert read(Item.NAME, said, insists=True) == said
    assert names.is_repeated(said, said)
    assert not names.is_repeated(said, "สมหญิง รักไทย")
    assert names.is_repeated("ศรีสุวรรณ์ค่ะ", "ศรีสุวรรณ์")


def test_a_nickname_is_found_too():
    kept = {"มะลิค่ะ": "มะลิ", "ชื่อเล่น มะลิ": "มะลิ", "หนูชื่อมะลินะคะ": "มะลิ", "Mali": "Mali"}
    assert {said: answers.nickname(said) for said in kept} == kept
    for said in ("ทำไมต้องบอก", "เรียนได้ตั้งแต่กี่ขวบ", "มีกี่สาขา"):
        with pytest.raises(InputError, match="name_question"):
            answers.nickname(said)


def test_phone_numbers():
    number = "+66891234567"
    expected = {
        "เบอร์ ๐๘๙-123-4567 ค่ะ": number,
        "เบอร์คือ 0891234567": number,
        "เบอร์โทรศัพท์ของหนูคือ 089 123 4567 นะคะ": number,
        "โทร.0891234567ครับ": number,
        "my number is 089-123-4567 krub": number,
        "Tel: +66 89 123 4567": number,
        "นี่ค่ะ 0891234567 ขอบคุณค่ะ": number,
        "0891234567 หรือ 0812345678": "phone_two",
        "089123456 ค่ะ": "phone_invalid",
        "0891234567 ต่อ 12": "phone_letters",
        "ค่ะ": "phone_letters",
    }
    assert differing(Item.PHONE, expected) == {}


def test_addresses():
    expected = {
        "natnuch.s@gmial.com ค่ะ": "email_slip",
        "natnuch.s@gmail.com ค่ะ": "natnuch.s@gmail.com",
        "อีเมล:natnuch.s@gmail.comค่ะ": "natnuch.s@gmail.com",
        "เมลคือ natnuch.s@gmail.com นะคะ": "natnuch.s@gmail.com",
        "my email is natnuch.s@gmail.com please": "natnuch.s@gmail.com",
        "Natnuch <natnuch.s@gmail.com>": "natnuch.s@gmail.com",
        "natnuch๒@gmail.com": "natnuch2@gmail.com",
        "mail.natnuch@gmail.com": "mail.natnuch@gmail.com",
        "a@b.co.na": "a@b.co.na",
        "mailto:natnuch.s@gmail.com": "natnuch.s@gmail.com",
        "natnuch.s@hotmail.co.th.": "natnuch.s@hotmail.co.th",
        "natnuch.s@gmail.com,": "natnuch.s@gmail.com",
        "natnuch.s": "email_at",
        "ค่ะ": "email_at",
        "nat nuch@gmail.com": "email_space",
        "a@gmail.com, b@gmail.com": "email_two",
        "natnuch@@gmail.com": "email_invalid",
    }
    assert differing(Item.EMAIL, expected) == {}
    assert read(Item.EMAIL, "natnuch.s@gmial.com ค่ะ", insists=True) == "natnuch.s@gmial.com"


def test_line_ids():
    expected = {
        "ไอดีไลน์ somchai.j ครับ": "somchai.j",
        "ไลน์ไอดี: somchai.j": "somchai.j",
        "line id คือ somchai.j ka": "somchai.j",
        "line_boy": "line_boy",
        "id.girl": "id.girl",
        "somchai๑": "somchai1",
    }
    assert differing(Item.LINE_ID, expected) == {}
    said = ["ไม่มีค่ะ", "ไม่มีไลน์ไอดีค่ะ", "ยังไม่มี", "I don't have one", "ไม่ได้ตั้งครับ", "skip", "no"]
    assert [each for each in said if not answers.means_none(each)] == []
    assert not answers.means_none("maimee.ka")


def test_ages():
    expected = {
        "34": AgeBand.FROM_20, "อายุ 34 ค่ะ": AgeBand.FROM_20, "15": AgeBand.FROM_11_TO_19,
        "๑๗ปี": AgeBand.FROM_11_TO_19, "8 ขวบค่ะ": AgeBand.UP_TO_10, "10": AgeBand.UP_TO_10,
        "11": AgeBand.FROM_11_TO_19, "19 ปี": AgeBand.FROM_11_TO_19, "20": AgeBand.FROM_20,
        "I am 25 years old": AgeBand.FROM_20, "20 ปีขึ้นไป": AgeBand.FROM_20,
        "หนูอายุ 12": AgeBand.FROM_11_TO_19,
        "ม.3": None, "11-19": None, "0891234567": None, "สวัสดี": None, "": None,
    }  # fmt: skip
    assert {said: answers.age_band(said) for said in expected} == expected
    for said in ("0", "200", "2549", "2"):
        with pytest.raises(InputError, match="age_range"):
            answers.age_band(said)


def test_codes_in_a_sentence():
    assert codes.read_guardian("รหัส OCOA D6W5 ค่ะ") == "0C0AD6W5"
    assert codes.read_guardian("รหัสผู้ปกครองคือ OCOA-D6W5 นะคะ") == "0C0AD6W5"
    assert codes.read_guardian("รหัส OCOA D6W5 ค่ะ", with_word=True) is None, "a flow is open"
    assert codes.read_move("รหัส A2CD-E3GH-JK ครับ") == "A2CDE3GHJK"
    assert codes.read_move("WK4B-SR6T-NA") == "WK4BSR6TNA", "letters that sound polite"
    assert codes.read_digits("รหัส ๑๒๓๔๕๖ ค่ะ") == "123456"
    assert codes.read_staff("พนักงาน A2CD-E3GH ค่ะ") == "A2CDE3GH"


def test_whatever_is_kept_is_kept_the_same_when_it_is_said_again():
    said = {Item.NAME: [*NAMES.values(), *REAL], Item.EMAIL: ["a@b.co.na"], Item.LINE_ID: ["x_ka"]}
    for item, values in said.items():
        assert [value for value in values if read(item, value) != value] == []


def test_long_texts_cost_nothing_and_stay_as_they_are():
    for text in ("ครับ" * 2000, "0812345678 " + "." * 5000, "เบอร์ " * 2000, "ชื่อ" * 3000):
        for item in Item:
            assert isinstance(read(item, text), str)
        assert politeness.bare(text, politeness.PHONE) == text


def test_pages_and_imports_read_as_strictly_as_before():
    for said in ("สมชาย ใจดีครับ", "ชื่อ สมชาย ใจดี"):
        assert names.full_name(said) == said
    with pytest.raises(InputError, match="phone_letters"):
        fields.read(Item.PHONE, "เบอร์ 0891234567")
    assert all(field.answered for field in FIELDS.values())


@pytest.mark.parametrize(("item", "said"), NEW_ONES)
def test_a_new_one_is_called_so(item, said):
    assert read(item, said) == NEW_ONES[item, said]
