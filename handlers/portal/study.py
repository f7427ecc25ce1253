"""My courses, a course with its lessons, a lesson; and the mark that a lesson is done."""

from flask import Response, abort, g, redirect
from werkzeug.wrappers import Response as AnyResponse

from bot.services.courses import courses, progress
from bot.services.courses.courses import Course, Lesson
from handlers.portal import markdown
from handlers.portal.pages import page
from handlers.portal.routes import portal
from handlers.web.language import chosen, link
from handlers.web.parts import the_bot


@portal.get("", strict_slashes=False)
def my_courses() -> Response:
    """All courses with how far the learner is."""
    return page("courses", courses=_courses(), done=_done())


@portal.get("/courses/<course_id>")
def course(course_id: str) -> Response:
    return page("course", course=_course(course_id), done=_done())


@portal.get("/courses/<course_id>/<lesson_id>")
def lesson(course_id: str, lesson_id: str) -> Response:
    """The article, the video's link, what comes before and after."""
    found, lesson = _lesson(course_id, lesson_id)
    article = lesson.article(chosen())
    return page(
        "lesson",
        course=found,
        lesson=lesson,
        number=found.lessons.index(lesson) + 1,
        article=markdown.render(article.text, article.language),
        explained_in=article.language,
        is_done=(found.id, lesson.id) in _done(),
        following=found.after(lesson),
    )


@portal.post("/courses/<course_id>/<lesson_id>/done")
def mark_done(course_id: str, lesson_id: str) -> AnyResponse:
    found, lesson = _lesson(course_id, lesson_id)
    bot, account_id = the_bot(), g.visit.signed_in.account_id
    now = bot.clock()
    bot.database.write(
        lambda session: progress.mark_done(session, account_id, found.id, lesson.id, now)
    )
    here = link("portal.lesson", course_id=found.id, lesson_id=lesson.id)
    return redirect(f"{here}#next", 303)


def _courses() -> tuple[Course, ...]:
    return courses.load(the_bot().settings.courses_dir)


def _course(course_id: str) -> Course:
    return courses.find(_courses(), course_id) or abort(404)


def _lesson(course_id: str, lesson_id: str) -> tuple[Course, Lesson]:
    found = _course(course_id)
    return found, found.lesson(lesson_id) or abort(404)


def _done() -> frozenset[tuple[str, str]]:
    account_id = g.visit.signed_in.account_id
    return the_bot().database.read(lambda session: progress.done(session, account_id))
