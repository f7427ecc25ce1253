"""The page `/simulator`: a phone in the browser, with levers for what goes wrong."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, render_template, request

from simulator.fault_controls import LEVERS, Lever, LeverError, Pull
from simulator.phone_state import is_loading, state_of
from simulator.platform import Platform

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' https: data:; media-src https:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True)
class NavigationLink:
    """A page of the demo: one entry of the navigation, Thai first."""

    url: str
    thai: str
    english: str


PHONE = NavigationLink("/simulator", "โทรศัพท์", "Phone")
Act = Callable[[Platform, str], object]
ACTS: Mapping[str, Act] = {
    "follow": Platform.follow,
    "block": Platform.unfollow,
    "sticker": Platform.sticker,
    "image": Platform.image,
    "audio": Platform.audio,
    "video": Platform.video,
    "location": Platform.location,
}


def create_simulator_blueprint(
    platform: Platform,
    beside: tuple[NavigationLink, ...] = (),
    more_levers: Mapping[str, Lever] | None = None,
) -> Blueprint:
    """The page and its JSON; for development only, it lets anybody speak as anybody.

    beside: the other pages of the demo.
    """
    blueprint = Blueprint(
        "simulator",
        __name__,
        url_prefix="/simulator",
        static_folder="static",
        static_url_path="/static",
        template_folder="templates",
    )
    links = [PHONE, *beside]
    blueprint.app_context_processor(lambda: {"simulator_links": links})
    blueprint.before_request(_refuse_other_origins)
    _add_views(blueprint, platform)
    _add_acts(blueprint, platform)
    _add_levers(blueprint, platform, {**LEVERS, **(more_levers or {})})
    return blueprint


def _add_views(blueprint: Blueprint, platform: Platform) -> None:
    """What the phone shows."""

    @blueprint.get("", strict_slashes=False)
    def phone() -> Response:
        response = Response(render_template("simulator/phone.html"))
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.get("/api/state")
    def state() -> Response:
        person = request.args.get("person")
        with platform.lock:
            version = platform.chats.version
        if request.args.get("version") == version and person:
            return jsonify({"version": version, "loading": is_loading(platform, person)})
        return jsonify(state_of(platform, person))

    @blueprint.get("/api/richmenu/<menu_id>")
    def menu_picture(menu_id: str) -> Response:
        with platform.lock:
            menu = platform.rich_menus.menus.get(menu_id)
        if menu is None or menu.image is None or menu.picture is None:
            abort(404)
        return Response(menu.image, content_type=menu.picture.media_type)


def _add_acts(blueprint: Blueprint, platform: Platform) -> None:
    """What people do with their phones."""

    @blueprint.post("/api/people")
    def add_person() -> tuple[Response, int]:
        asked = _asked()
        name, language = str(asked.get("name", "")).strip()[:60], asked.get("language")
        if not name or language not in {"th", "en", None}:
            return _refused("a person needs a name, and th, en or no language")
        return _done(lambda: platform.add_person(name, language).user_id)

    @blueprint.post("/api/text")
    def say() -> tuple[Response, int]:
        asked = _asked()
        words = str(asked.get("text", ""))
        if not words.strip():
            return _refused("there is nothing to send")
        return _done(lambda: platform.text(str(asked.get("person")), words))

    @blueprint.post("/api/act")
    def act() -> tuple[Response, int]:
        asked = _asked()
        chosen = ACTS.get(str(asked.get("act")))
        if chosen is None:
            return _refused("unknown act")
        return _done(lambda: chosen(platform, str(asked.get("person"))))

    @blueprint.post("/api/tap")
    def tap() -> tuple[Response, int]:
        asked = _asked()
        action, value = asked.get("action"), asked.get("value")
        if not isinstance(action, dict):
            return _refused("an action is needed")
        person = str(asked.get("person"))
        return _done(lambda: platform.tap(person, action, str(value) if value else None))


def _add_levers(blueprint: Blueprint, platform: Platform, levers: Mapping[str, Lever]) -> None:
    """What goes wrong on purpose."""

    @blueprint.post("/api/lever")
    def lever() -> tuple[Response, int]:
        asked = _asked()
        pulled = levers.get(str(asked.get("lever")))
        if pulled is None:
            return _refused("unknown lever")
        seconds = asked.get("seconds")
        pull = Pull(
            person=str(asked.get("person")),
            endpoint=str(asked.get("endpoint") or "*"),
            seconds=float(seconds) if isinstance(seconds, int | float) else 0.0,
        )
        answer = _done(lambda: pulled(platform, pull))
        with platform.lock:
            platform.chats.changed()
        return answer


def _refuse_other_origins() -> None:
    """Whatever changes something comes from this page: JSON, and from the same origin."""
    if request.method in {"GET", "HEAD"}:
        return
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if foreign or site not in {"same-origin", "none"}:
        abort(403)
    if request.mimetype != "application/json":
        abort(415)


def _asked() -> dict[str, Any]:
    found = request.get_json(silent=True)
    if not isinstance(found, dict):
        abort(400)
    return found


def _done(step: Callable[[], object]) -> tuple[Response, int]:
    try:
        return jsonify({"ok": True, "result": step()}), 200
    except (LookupError, ValueError, LeverError) as error:
        return _refused(str(error))


def _refused(reason: str) -> tuple[Response, int]:
    return jsonify({"ok": False, "error": reason}), 409
