"""Names as people of many countries have them, and what is no name."""

import pytest

from bot.errors import InputError
from bot.services.people import fields, names
from bot.services.people.fields import FIELDS, Item
from bot.texts.masks import masked_name

NAMES = [
    # Thailand and its neighbours
    "สมชาย ใจดี", "ม.ร.ว. คึกฤทธิ์ ปราโมช", "ด.ช.ปัณณ์ ณ ลำพูน", "พล.ต.ต.หญิง มาลี ศรีสุข",
    "น.ส. อรอุมา ดีงาม",
    "นูรูลฮูดา บินตีอับดุลเลาะ", "เอ็ม. ใจดี", "ราคิน พิราคา", "สมัคร สุนทรเวช", "สวัสดี มีสุข", "ส่งหาญ โทรมาศ",
    "สน ใจดี", "กรุณา การุณย์",
    "ສົມຊາຍ ໃຈດີ", "ບຸນມີ ແກ້ວມະນີ", "ໄກສອນ ພົມວິຫານ", "សុខ ដារ៉ា", "ចាន់ សុភា", "ហ៊ុន សែន",
    "မောင် မောင်", "ဦး နု", "စိုင်း ထီးဆိုင်", "Daw Khin Kyi", "U Nu",
    "Nguyễn Văn A", "Đặng Thị Ngọc",
    "To My Linh", "Do Can Will",
    # Malaysia, Singapore, Indonesia, the Philippines
    "Rajesh a/l Kumar", "Priya d/o Raman", "Tan Ah Kow @ Tan Ah Lek",
    "Tan Ah Kow@Tan Ah Lek", "Devi A/P Muthu",
    "Suresh s/o Pillai", "Siti binti Ahmad", "Nur 'Aisyah binti Ahmad", "Anak Agung Gde",
    "Ma. Cristina dela Cruz",
    "Mary-Ann St.Co Lee", "Mohd. Faizal", "I Gusti Ngurah", "Datin Sri Lim @ Rose Lim",
    # Latin letters elsewhere
    "Jean–Luc Picard", "Jean‑Luc Picard", "Jean - Luc Picard", "J.-P. Sartre",
    "Martin Luther King, Jr.",
    "Sammy Davis Jr", "King, Martin Luther", "Cal Ripken, Jr.", "William “Bill” Gates",
    "Maria (May) Garcia",
    "José-Luis O’Brien", "Sean O‘Casey", "Gabriele D´Annunzio", "Conan O`Brien",
    "ʻIolani Luahine",
    "Oʼodham Man", "Ng'ang'a Wa Thiong'o", "Bram 't Hooft", "Ludwig van Beethoven",
    "Thomas’ Bakker",
    "Gal·la Placídia", "Mª Carmen López", "Þóra Óskarsdóttir", "Łukasz Żółć",
    "Şebnem Çağlar", "Nuñez Ibáñez",
    "Alexander the Great", "J.R.R. Tolkien", "Price Johnson", "Will Smith", "May Call",
    "Dee Thanks-Wood",
    "𝓢𝓸𝓶𝓬𝓱𝓪𝓲 𝓙𝓪𝓲𝓭𝓮𝓮", "Ｓｏｍｃｈａｉ　Ｊａｉｄｅｅ",
    # Other letters
    "李小龙", "王 明", "欧阳 娜娜", "阿卜杜拉·买买提", "山田 太郎", "山田太郎", "佐々木 希",
    "さくら ももこ", "マイケル・ジャクソン",
    "ﾔﾏﾀﾞ ﾀﾛｳ", "김민준", "김 민준", "남궁 민수", "Иван Петров", "Мария-Анна Иванова",
    "Олена Кравченко",
    "Γιώργος Παπαδόπουλος", "Հայկ Պետրոսյան", "გიორგი მაისურაძე", "محمد عبد الله",
    "فاطمة الزهراء", "משה כהן",
    "צ׳רלי כהן", "राजेश कुमार", "প্রিয়া দাস", "ராஜேஷ் குமார்", "ప్రియ రామన్", "රුවන් පෙරේරා",
    "བསྟན་འཛིན་ རྒྱ་མཚོ་", "አበበ ቢቂላ",
]  # fmt: skip
SINGLE = [
    "สมชาย",
    "Madonna",
    "นุ่น",
    "ดี",
    "Suharto",
    "Thant",
    "နု",
    "အောင်ဆန်းစုကြည်",
    "ບຸນ",
    "សុខា",
    "Иван",
    "محمد",
    "राज",
    "李",
    "O’Neill",
]
NO_NAMES = {
    "name_link": [
        "https://evil.example/x", "www.evil.example", "evil.com สมชาย",
        "Somchai bit.ly/abc", "EVIL.COM", "evil.co",
        "line.me/ti/p/abc", "t.me/somchai", "ดูที่ shop.in.th", "สวัสดี.ไทย",
        "somchai@gmail.com", "somchai@gmail",
        "@somchai", "Tan@", "Tan Ah Kow tan@gmail.com",
    ],
    "name_digits": [
        "0812345678", "081-234-5678", "๐๘๑ ๒๓๔ ๕๖๗๘", "+66 81 234 5678", "สมชาย 2 ใจดี",
        "Somchai ①", "٠٨١٢٣٤٥٦٧",
        "โทร ０８１２３４５６７８", "Lex Ⅻ", "Somchai 555",
    ],
    "name_letters": [
        "สมชาย ใจดี 😀", "Somchai ❤️ Jaidee", "ℹ️ สมชาย ใจดี", "สมชาย ☺︎ ใจดี",
        "🇹🇭 สมชาย ใจดี", "<b>สมชาย</b> ใจดี",
        "สมชาย' OR ''='", "Somchai_Jaidee Lee", "Somchai :) Jaidee", "นาย/นาง สมชาย ใจดี",
        "and/or Somchai", "Tan a/b Lek",
        "Somchai... Jaidee", "Tan @@ Lek Lee", "'' Somchai Lee", "Somchai; DROP",
        "สมชาย ™ ใจดี", "Som chai #",
        "S" + "\u0300" * 20 + "omchai Jaidee",
    ],
    "name_empty": [
        "", " ", "\u3164", "\u2800 \u2800", "\u200b\u115f", ". -", "—", "ʼʼ ʼʼ",
        "\u0e48\u0e49 \u0e34", "ก", "“”",
    ],
    "name_sentence": [
        "I want to learn English", "please call me back tomorrow",
        "Hello my name is Somchai", "What is this",
        "how much is it", "I don’t know", "Thanks, I will do it later",
        "อยากเรียนภาษาอังกฤษครับ", "สนใจคอร์สเรียนค่ะ",
        "ราคาเท่าไหร่", "พรุ่งนี้ค่อยบอก", "ช่วยติดต่อกลับหน่อย", "ยังไม่สะดวก ค่ะ", "我想学英语",
        "你好吗", "英語を勉強したいです",
        "영어를 배우고 싶어요", "ຂ້ອຍຢາກຮຽນ ພາສາ", "ខ្ញុំចង់រៀន ភាសា", "အင်္ဂလိပ်စာ သင်ချင်ပါတယ်",
        "a b c d e f g h i j k l m n",
    ],
}  # fmt: skip


def code_of(read, said):
    """The code of a refusal; None where something was read."""
    try:
        read(said)
    except InputError as error:
        return error.code
    return None


def in_import(said):
    """What the import reads in a cell of names; raises InputError as the others do."""
    return FIELDS[Item.NAME].from_cell(said)


@pytest.mark.parametrize(
    "read", [names.full_name, in_import, lambda said: fields.read_answer(Item.NAME, said)]
)
def test_real_names_pass_everywhere(read):
    assert {said: code for said in NAMES if (code := code_of(read, said))} == {}


def test_a_name_is_kept_as_it_is_written_and_kept_the_same_again():
    plain = {
        "𝓢𝓸𝓶𝓬𝓱𝓪𝓲 𝓙𝓪𝓲𝓭𝓮𝓮": "Somchai Jaidee",
        "Ｓｏｍｃｈａｉ　Ｊａｉｄｅｅ": "Somchai Jaidee",
        "ﾔﾏﾀﾞ ﾀﾛｳ": "ヤマダ タロウ",
    }
    for said in NAMES:
        kept = names.full_name(said)
        assert kept == plain.get(said, said)
        assert names.full_name(kept) == kept
        assert fields.read_answer(Item.NAME, said) == kept


def test_one_word_is_a_name_after_one_yes():
    for said in SINGLE:
        assert code_of(names.full_name, said) == "name_single", said
        assert fields.read(Item.NAME, said, insists=True) == said
        assert fields.read_answer(Item.NAME, said, insists=True) == said


@pytest.mark.parametrize("code", NO_NAMES)
def test_what_is_no_name_is_told_so(code):
    for read in (
        names.full_name,
        in_import,
        lambda said: names.full_name(said, accept_single=True),
    ):
        found = {said: code_of(read, said) for said in NO_NAMES[code]}
        assert found == dict.fromkeys(NO_NAMES[code], code)


@pytest.mark.parametrize("code", NO_NAMES)
def test_what_is_no_name_is_none_in_a_chat_either(code):
    for said in NO_NAMES[code]:
        assert code_of(lambda typed: fields.read_answer(Item.NAME, typed), said), said


def test_a_masked_name_keeps_its_surname_to_itself():
    assert masked_name("Tan Ah Kow @ Tan Ah Lek") == "Tan Ah K•••"
    assert masked_name("Martin Luther King, Jr.") == "Martin Luther K•••"
    assert masked_name("Rajesh a/l Kumar") == "Rajesh a/l K•••"
    assert masked_name("李小龙") == "李•••"
