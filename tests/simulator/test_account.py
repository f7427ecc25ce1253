"""Profiles, chats, the webhook setting and rich menus, by the real SDK."""

import json
import struct
import zlib

import pytest
from linebot.v3.messaging import (
    ApiException,
    CreateRichMenuAliasRequest,
    MarkMessagesAsReadByTokenRequest,
    MessageAction,
    PushMessageRequest,
    RichMenuArea,
    RichMenuBounds,
    RichMenuBulkLinkRequest,
    RichMenuBulkUnlinkRequest,
    RichMenuRequest,
    RichMenuSize,
    SetWebhookEndpointRequest,
    ShowLoadingAnimationRequest,
    TextMessage,
    UpdateRichMenuAliasRequest,
)

from simulator.pictures import PictureSize, read_picture
from simulator.server import serve
from tests.simulator.conftest import Line

STRANGER = "U" + "9" * 32


def status_of(call):
    with pytest.raises(ApiException) as caught:
        call()
    return caught.value.status


def png(width, height):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (width + 1) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg(width, height):
    app0 = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0" + b"\0" * 9
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\1\x11\0"
    return b"\xff\xd8" + app0 + frame + b"\xff\xd9"


def menu(width=2500, height=1686, *, areas=1, x=0):
    area = RichMenuArea(
        bounds=RichMenuBounds(x=x, y=0, width=800, height=200),
        action=MessageAction(label="เมนู", text="เมนู"),
    )
    return RichMenuRequest(
        size=RichMenuSize(width=width, height=height),
        selected=True,
        name="main",
        chatBarText="เมนู",
        areas=[area] * areas,
    )


@pytest.fixture
def menu_id(line):
    rich_menu_id = line.api.create_rich_menu(menu()).rich_menu_id
    upload(line, rich_menu_id, png(2500, 1686))
    return rich_menu_id


def upload(line, rich_menu_id, data, media_type="image/png"):
    headers = {"Content-Type": media_type}
    return line.blob.set_rich_menu_image(rich_menu_id, body=data, _headers=headers)


@pytest.mark.parametrize("prefix", ["/", "/simulated/line"])
def test_the_sdk_works_below_any_prefix(platform, mali, prefix):
    with serve(platform, prefix=prefix) as base_url:
        line = Line(base_url)
        assert line.api.get_profile(mali.user_id).display_name == "มะลิ"
        assert line.raw("GET", "/v2/bot/nothing").json() == {"message": "Not found"}
        assert platform.calls[-2].path == f"/v2/bot/profile/{mali.user_id}"
        line.close()


def test_a_profile(platform, line, mali):
    profile = line.api.get_profile(mali.user_id)
    assert (profile.display_name, profile.user_id, profile.language) == ("มะลิ", mali.user_id, "th")
    quiet = platform.add_person("Quiet", None)
    platform.follow(quiet.user_id)
    assert line.api.get_profile(quiet.user_id).language is None


def test_no_profile_of_the_blocked_and_of_strangers(platform, line, mali):
    platform.unfollow(mali.user_id)
    ben = platform.add_person("Ben", "en")
    for user_id in (mali.user_id, ben.user_id, STRANGER):
        answer = line.raw("GET", f"/v2/bot/profile/{user_id}")
        assert (answer.status, answer.json()) == (404, {"message": "Not found"})


def test_the_bot_knows_itself(platform, line):
    info = line.api.get_bot_info()
    assert (info.user_id, info.chat_mode) == (platform.bot_user_id, "bot")


def test_followers_come_in_pages(platform, line):
    ids = []
    for number in range(5):
        person = platform.add_person(f"p{number}")
        platform.follow(person.user_id)
        ids.append(person.user_id)
    first = line.api.get_followers(limit=3)
    rest = line.api.get_followers(limit=3, start=first.next)
    assert first.user_ids + rest.user_ids == ids
    assert rest.next is None
    assert line.raw("GET", "/v2/bot/followers/ids?limit=1001").status == 400
    platform.verified = False
    assert status_of(line.api.get_followers) == 403


def test_three_dots_until_time_or_message(platform, line, clock, mali):
    def load(seconds):
        request = ShowLoadingAnimationRequest(chatId=mali.user_id, loadingSeconds=seconds)
        return line.api.show_loading_animation_with_http_info(request)

    assert load(5).status_code == 202
    clock.advance(4)
    assert platform.loading_until(mali.user_id)
    clock.advance(1)
    assert platform.loading_until(mali.user_id) is None
    load(60)
    line.api.push_message(PushMessageRequest(to=mali.user_id, messages=[TextMessage(text="hi")]))
    assert platform.loading_until(mali.user_id) is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"chatId": "C" + "a" * 32},
        {"chatId": STRANGER, "loadingSeconds": 7},
        {"chatId": STRANGER, "loadingSeconds": 0},
        {"chatId": STRANGER, "loadingSeconds": 65},
    ],
)
def test_bad_loading_requests(line, body):
    assert line.raw("POST", "/v2/bot/chat/loading/start", json=body).status == 400


def test_marking_as_read(platform, line, mali):
    platform.chat_mode = "chat"
    events = [platform.text(mali.user_id, words) for words in ("a", "b", "c")]
    assert not any(bubble.read for bubble in platform.room(mali.user_id))
    token = events[1]["message"]["markAsReadToken"]
    line.api.mark_messages_as_read_by_token(MarkMessagesAsReadByTokenRequest(markAsReadToken=token))
    assert [bubble.read for bubble in platform.room(mali.user_id)] == [True, True, False]
    bad = MarkMessagesAsReadByTokenRequest(markAsReadToken="x")
    assert status_of(lambda: line.api.mark_messages_as_read_by_token(bad)) == 400


def test_without_chat_a_message_is_read_on_delivery(platform, listener, mali):
    platform.text(mali.user_id, "a")
    listener.status = 500
    platform.text(mali.user_id, "b")
    assert [bubble.read for bubble in platform.room(mali.user_id)] == [True, False]


def test_content_until_the_unsend(platform, line, mali):
    image = platform.image(mali.user_id)["message"]["id"]
    words = platform.text(mali.user_id, "hi")["message"]["id"]
    assert read_picture(bytes(line.blob.get_message_content(image)))
    assert status_of(lambda: line.blob.get_message_content(words)) == 400
    platform.unsend(mali.user_id, image)
    assert status_of(lambda: line.blob.get_message_content(image)) == 404
    assert platform.room(mali.user_id)[0].unsent
    with pytest.raises(LookupError):
        platform.unsend(mali.user_id, image)


def test_the_webhook_endpoint(line):
    assert status_of(line.api.get_webhook_endpoint) == 404
    url = "https://bot.example.com/line/webhook"
    line.api.set_webhook_endpoint(SetWebhookEndpointRequest(endpoint=url))
    assert line.api.get_webhook_endpoint().endpoint == url
    plain = SetWebhookEndpointRequest(endpoint="http://bot.example.com/")
    assert status_of(lambda: line.api.set_webhook_endpoint(plain)) == 400


def test_the_webhook_test_really_posts(platform, line, listener):
    assert line.api.test_webhook_endpoint().success
    body, headers = listener.heard[-1]
    assert json.loads(body) == {"destination": platform.bot_user_id, "events": []}
    assert headers["X-Line-Signature"] == platform.sign(body)
    listener.status = 503
    answer = line.api.test_webhook_endpoint()
    assert (answer.success, answer.status_code, answer.reason) == (
        False,
        503,
        "ERROR_STATUS_CODE",
    )


def test_link_tokens(platform, line, mali):
    token = line.api.issue_link_token(mali.user_id).link_token
    assert platform.link_tokens == {token: mali.user_id}
    assert line.raw("POST", "/v2/bot/user/mali/linkToken").status == 400
    assert line.raw("POST", f"/v2/bot/user/{STRANGER}/linkToken").status == 404


def test_aggregation_says_nothing_below_20(line):
    path = "/v2/bot/insight/message/event/aggregation"
    good = line.raw("GET", f"{path}?customAggregationUnit=a&from=20261101&to=20261130")
    assert good.json()["overview"]["uniqueImpression"] is None
    long = line.raw("GET", f"{path}?customAggregationUnit=a&from=20261001&to=20261130")
    assert long.status == 400
    assert line.raw("GET", f"{path}?from=20261101&to=20261130").status == 400


def test_a_rich_menu_from_create_to_delete(platform, line, mali, menu_id):
    line.api.set_default_rich_menu(menu_id)
    assert line.api.get_default_rich_menu_id().rich_menu_id == menu_id
    assert platform.rich_menus.shown_to(mali.user_id).rich_menu_id == menu_id
    assert [m.rich_menu_id for m in line.api.get_rich_menu_list().richmenus] == [menu_id]
    assert line.api.get_rich_menu(menu_id).size.width == 2500
    assert bytes(line.blob.get_rich_menu_image(menu_id)) == png(2500, 1686)
    line.api.cancel_default_rich_menu()
    assert status_of(line.api.get_default_rich_menu_id) == 404
    line.api.delete_rich_menu(menu_id)
    assert status_of(lambda: line.api.get_rich_menu(menu_id)) == 404


def test_a_persons_own_menu_comes_first(platform, line, mali, menu_id):
    own = line.api.create_rich_menu(menu(1200, 405)).rich_menu_id
    upload(line, own, jpeg(1200, 405), "image/jpeg")
    line.api.set_default_rich_menu(menu_id)
    line.api.link_rich_menu_id_to_user(mali.user_id, own)
    assert line.api.get_rich_menu_id_of_user(mali.user_id).rich_menu_id == own
    assert platform.rich_menus.shown_to(mali.user_id).rich_menu_id == own
    line.api.unlink_rich_menu_id_from_user(mali.user_id)
    assert platform.rich_menus.shown_to(mali.user_id).rich_menu_id == menu_id
    assert status_of(lambda: line.api.get_rich_menu_id_of_user(mali.user_id)) == 404


def test_bulk_links(platform, line, mali, menu_id):
    request = RichMenuBulkLinkRequest(richMenuId=menu_id, userIds=[mali.user_id])
    line.api.link_rich_menu_id_to_users(request)
    assert platform.rich_menus.of_person == {mali.user_id: menu_id}
    line.api.unlink_rich_menu_id_from_users(RichMenuBulkUnlinkRequest(userIds=[mali.user_id]))
    assert platform.rich_menus.of_person == {}
    path = "/v2/bot/richmenu/bulk/link"
    for ids in ([], [mali.user_id] * 501, ["x"]):
        body = {"richMenuId": menu_id, "userIds": ids}
        assert line.raw("POST", path, json=body).status == 400


def test_aliases(line, menu_id):
    other = line.api.create_rich_menu(menu(1200, 405)).rich_menu_id
    request = CreateRichMenuAliasRequest(richMenuAliasId="a", richMenuId=menu_id)
    line.api.create_rich_menu_alias(request)
    assert line.api.get_rich_menu_alias("a").rich_menu_id == menu_id
    assert status_of(lambda: line.api.create_rich_menu_alias(request)) == 400
    update = UpdateRichMenuAliasRequest(richMenuId=other)
    assert status_of(lambda: line.api.update_rich_menu_alias("a", update)) == 400
    upload(line, other, png(1200, 405))
    line.api.update_rich_menu_alias("a", update)
    assert [a.rich_menu_id for a in line.api.get_rich_menu_alias_list().aliases] == [other]
    line.api.delete_rich_menu_alias("a")
    assert status_of(lambda: line.api.get_rich_menu_alias("a")) == 404
    bad = {"richMenuAliasId": "A!", "richMenuId": menu_id}
    assert line.raw("POST", "/v2/bot/richmenu/alias", json=bad).status == 400


def test_a_menu_without_a_picture_cannot_be_shown(line, mali):
    bare = line.api.create_rich_menu(menu()).rich_menu_id
    assert status_of(lambda: line.api.set_default_rich_menu(bare)) == 400
    assert status_of(lambda: line.api.link_rich_menu_id_to_user(mali.user_id, bare)) == 400
    assert status_of(lambda: line.blob.get_rich_menu_image(bare)) == 404


@pytest.mark.parametrize(
    ("data", "media_type", "status"),
    [
        (png(2500, 1686), "image/jpeg", 400),
        (b"GIF89a" + b"\0" * 30, "image/png", 400),
        (png(2500, 843), "image/png", 400),
        (png(700, 300), "image/png", 400),
        (png(2500, 1686) + b"\0" * 1024 * 1024, "image/png", 413),
        (png(2500, 1686), "image/gif", 415),
    ],
)
def test_the_picture_is_read_not_believed(line, data, media_type, status):
    bare = line.api.create_rich_menu(menu()).rich_menu_id
    assert status_of(lambda: upload(line, bare, data, media_type)) == status


def test_a_picture_cannot_be_replaced(line, menu_id):
    assert status_of(lambda: upload(line, menu_id, png(2500, 1686))) == 400


@pytest.mark.parametrize(
    "request_",
    [
        menu(799, 400),
        menu(2501, 1000),
        menu(800, 249),
        menu(1000, 800),
        menu(areas=21),
        menu(x=1701),
    ],
)
def test_bad_rich_menus(line, request_):
    assert status_of(lambda: line.api.create_rich_menu(request_)) == 400
    assert status_of(lambda: line.api.validate_rich_menu_object(request_)) == 400


def test_a_good_rich_menu_validates(line):
    line.api.validate_rich_menu_object(menu())
    assert line.api.get_rich_menu_list().richmenus == []


def test_reading_pictures():
    assert read_picture(png(3, 4)) == PictureSize("image/png", 3, 4)
    assert read_picture(jpeg(5, 6)) == PictureSize("image/jpeg", 5, 6)
    assert read_picture(b"\xff\xd8\xff") is None
