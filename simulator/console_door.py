"""The page `/simulator/console`: ready-made members of staff, signed in without a second factor.

For development only: this module is not even loaded where the simulator is off.
"""

from datetime import datetime

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from bot.runtime import Bot
from bot.services.auth import passwords, tokens
from bot.services.auth.sessions import SessionCookie
from bot.services.staff import factors, sessions, staff
from handlers.console import cookies
from handlers.web.headers import content_policy
from handlers.web.visits import is_same_origin
from models.staff import Role, Staff, Stage

# Key: name, roles, and what they are there for in Thai and English.
CAST = {
    "author": ("ครูนภา (ตัวอย่าง)", (Role.AUTHOR,), "ผู้เขียนประกาศ", "Author"),
    "approver": ("ครูวิชัย (ตัวอย่าง)", (Role.APPROVER,), "ผู้อนุมัติ", "Approver"),
    "support": ("คุณฝน (ตัวอย่าง)", (Role.SUPPORT,), "ผู้ช่วยเหลือผู้เรียน", "Support"),
    "privacy": (
        "คุณธรรม (ตัวอย่าง)",
        (Role.PRIVACY,),
        "เจ้าหน้าที่คุ้มครองข้อมูล",
        "Privacy officer",
    ),
    "admin": ("ผอ. สุดา (ตัวอย่าง)", (Role.ADMIN,), "ผู้ดูแลระบบ", "Administrator"),
}


def create_console_blueprint(bot: Bot) -> Blueprint:
    """One button a role; pressing it makes the member and the session."""
    blueprint = Blueprint("console_door", __name__, url_prefix="/simulator/console")

    @blueprint.get("", strict_slashes=False)
    def door() -> Response:
        response = Response(render_template("simulator/console.html", cast=CAST))
        response.headers["Content-Security-Policy"] = content_policy()
        return response

    @blueprint.post("/<key>")
    def enter(key: str) -> AnyResponse:
        if key not in CAST or not is_same_origin():
            abort(403 if key in CAST else 404)
        ticket = bot.database.write(lambda session: _ticket(session, bot, key))
        response = redirect(url_for("console.home"), 303)
        cookies.set_ticket(response, bot.cookie_keys, ticket, bot.clock())
        return response

    return blueprint


def member(session: Session, key: str, now: datetime) -> str:
    """The id of one of the demo's staff, who is made where nobody met them yet."""
    name, roles, _, _ = CAST[key]
    found = staff.find(session, f"demo.{key}")
    if found is None:
        found, _ = staff.add(session, name, f"demo.{key}", roles, staff.OPERATOR, now)
    _settle(session, found, now)
    return found


def _ticket(session: Session, bot: Bot, key: str) -> SessionCookie:
    now = bot.clock()
    return sessions.open_session(session, member(session, key, now), Stage.IN, now)


def _settle(session: Session, staff_id: str, now: datetime) -> None:
    """Somebody who is here has been through the door: factors that nobody knows, no open link."""
    row = session.get_one(Staff, staff_id)
    if not row.is_settled:
        row.password_hash = passwords.hash_password(passwords.draw_initial())
        row.totp = factors.draw_secret()
        tokens.end(session, staff_id, (tokens.StaffPurpose.LINK,), now)
