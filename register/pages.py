"""The register as pages: files that need no server, no script and no network."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from register.clock import clock
from register.statuses import ATTENDED, Status
from register.texts import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from register.sessions import Glimpse, Session
    from register.term import Register, Row
    from register.texts import Texts

# As many columns as fit on a sheet of A4 held wide.
_SESSIONS_A_TABLE = 24

# What a table's cell is marked with, one letter each: a term has thousands.
_CELL_CLASSES = {
    Status.PRESENT: "P",
    Status.LATE: "L",
    Status.LEFT_EARLY: "E",
    Status.PLEASE_CHECK: "Q",
    Status.NOT_SEEN: "N",
    Status.EXCUSED: "X",
}

_BADGE_CLASSES = {status: status.value.replace(" ", "-") for status in Status}

# So many of the sessions that wait for a person are shown at once, the newest.
_WAITING_SHOWN = 8

_UNKNOWN = "\N{EN DASH}"

# Units of the bar of a session's length, so that a span of a second can be seen in three hours.
_BAR_UNITS = 1000.0
_LEAST_UNITS = 3.0


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page: its path within the folder of pages, and its content."""

    path: str
    content: str


def pages(register: Register, texts: Texts = ENGLISH) -> Iterator[Page]:
    """Yield the overview, the whole register, and a page for each session."""
    render = _Renderer(register, texts)
    yield Page(path="index.html", content=render.overview())
    yield Page(path="register.html", content=render.whole())
    for session in register.sessions:
        yield Page(path=render.links[session.name], content=render.session(session))


def session_page(register: Register, session: Session, texts: Texts = ENGLISH) -> str:
    """Return the page of one session."""
    return _Renderer(register, texts).session(session)


def file_names(sessions: Sequence[Session]) -> Mapping[str, str]:
    """Return a file's name, without suffix, for each session's name: of letters that all take.

    Different sessions have different names, also where upper and lower case are one.
    """
    taken: set[str] = set()
    names = {}
    for session in sessions:
        plain = re.sub(r"[^\w.-]+", "-", session.name.partition("/")[2] or session.name)
        plain = plain.strip(".-")[:100] or "session"
        name, number = plain, 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.casefold())
        names[session.name] = name
    return names


class _Renderer:
    def __init__(self, register: Register, texts: Texts) -> None:
        self._register = register
        self._texts = texts
        self._counts = {session.name: register.count_in(session) for session in register.sessions}
        self.links = {
            name: f"sessions/{file}.html" for name, file in file_names(register.sessions).items()
        }

    def overview(self) -> str:
        to_check = [
            (session, self._counts[session.name][Status.PLEASE_CHECK])
            for session in reversed(self._register.sessions)
            if self._counts[session.name][Status.PLEASE_CHECK]
        ]
        return self._render(
            "index.html.j2",
            to_check=to_check,
            counts=self._counts,
            check=Status.PLEASE_CHECK,
            attended_in=self._attended_in,
            told_of=_told_of,
            checks=self._checks,
            day_beside=self._day_beside,
            shown_at_once=_WAITING_SHOWN,
        )

    def whole(self) -> str:
        sessions = self._register.sessions
        starts = range(0, max(len(sessions), 1), _SESSIONS_A_TABLE)
        return self._render(
            "register.html.j2",
            chunks=[(start, sessions[start : start + _SESSIONS_A_TABLE]) for start in starts],
            cells=self._cells(),
            classes=_CELL_CLASSES,
            short_day=self._short_day,
            part=self._part,
        )

    def session(self, session: Session) -> str:
        students = self._register.statuses_in(session)
        known = {row.student.student_id for row in self._register.rows}
        return self._render(
            "session.html.j2",
            session=session,
            count=self._counts[session.name],
            classes={**_BADGE_CLASSES, None: "none"},
            students=students,
            to_check=[row for row, status in students if status is Status.PLEASE_CHECK],
            others=[each for each in session.seen.values() if each.student_id not in known],
            glimpse_of=partial(_glimpse_of, session),
            bar=partial(self._bar, session),
            lesson=self._lesson(session),
        )

    def _render(self, template: str, **values: Any) -> str:  # noqa: ANN401 - what a template takes
        style, style_hash = _style()
        rules = self._register.rules
        return (
            _environment()
            .get_template(template)
            .render(
                register=self._register,
                t=self._texts,
                style=style,
                style_hash=style_hash,
                links=self.links,
                term=self._term(),
                rules=self._texts.rules.format(
                    late=f"{rules.late_after / 60:g}", early=f"{rules.left_early_before / 60:g}"
                ),
                day=self._day,
                percent=_percent,
                clock=clock,
                counted_students=self._counted_students,
                counted_sessions=self._counted_sessions,
                **values,
            )
        )

    def _term(self) -> str:
        days = [session.day for session in self._register.sessions if session.day]
        if not days:
            return ""
        return self._texts.of_term.format(first=min(days), last=max(days))

    def _day(self, session: Session) -> str:
        if session.day is None:
            return self._texts.no_date
        return f"{session.day}{f' {session.at:%H:%M}' if session.at else ''}"

    def _day_beside(self, session: Session) -> str:
        """Return the day as far as the title does not say it."""
        day = self._day(session)
        return "" if day == session.title else day

    def _short_day(self, session: Session) -> Markup:
        if session.day is None:
            return Markup.escape(session.title[:12])
        return Markup("{}-<br>{}").format(f"{session.day:%m}", f"{session.day:%d}")

    def _part(self, first: int, sessions: Sequence[Session]) -> str:
        counted = self._texts.part_of.format(
            first=min(first + 1, len(self._register.sessions)),
            last=first + len(sessions),
            all=len(self._register.sessions),
        )
        days = [session.day for session in sessions if session.day]
        if not days:
            return counted
        return f"{counted}: {self._texts.of_term.format(first=min(days), last=max(days))}"

    def _counted_students(self, count: int) -> str:
        texts = self._texts
        return texts.one_student if count == 1 else texts.some_students.format(count=count)

    def _counted_sessions(self, count: int) -> str:
        texts = self._texts
        return texts.one_session if count == 1 else texts.some_sessions.format(count=count)

    def _checks(self, count: int) -> str:
        texts = self._texts
        return texts.to_check_one if count == 1 else texts.to_check_some.format(count=count)

    def _attended_in(self, session: Session) -> int:
        return sum(self._counts[session.name][status] for status in ATTENDED)

    def _cells(self) -> Mapping[Status | None, Markup]:
        cell = Markup('<td class="{}"><abbr title="{}">{}</abbr></td>')
        texts = self._texts
        return {
            None: Markup('<td><abbr title="{}">{}</abbr></td>').format(
                texts.no_status, texts.no_status_sign
            ),
            **{
                status: cell.format(
                    _CELL_CLASSES[status], texts.statuses[status], texts.signs[status]
                )
                for status in Status
            },
        }

    def _lesson(self, session: Session) -> str:
        if not session.starts and session.ends is None:
            return ""
        starts = clock(session.starts)
        if session.ends is None:
            return self._texts.lesson_to_end.format(starts=starts)
        return self._texts.lesson.format(starts=starts, ends=clock(session.ends))

    def _bar(self, session: Session, glimpse: Glimpse) -> Markup:
        """Return when a student was seen, over the length of the recording."""
        texts = self._texts
        spans = ", ".join(
            (texts.from_to if end > start else texts.at_time).format(
                start=clock(start), end=clock(end)
            )
            for start, end in glimpse.presence
        )
        length = session.seconds or max(
            (each.last_seen for each in session.seen.values()), default=0.0
        )
        scale = _BAR_UNITS / max(length, 1.0)
        drawn = Markup("").join(
            Markup('<rect x="{}" width="{}" height="1"/>').format(
                f"{min(start * scale, _BAR_UNITS - _LEAST_UNITS):.0f}",
                f"{max((end - start) * scale, _LEAST_UNITS):.0f}",
            )
            for start, end in glimpse.presence
        )
        return Markup(
            '<svg class="bar" viewBox="0 0 1000 1" preserveAspectRatio="none" role="img" '
            'aria-label="{}">{}</svg>'
        ).format(texts.presence_of.format(spans=spans), drawn)


def _glimpse_of(session: Session, row: Row) -> Glimpse | None:
    student = row.student.student_id
    return session.seen.get(student) or session.perhaps.get(student)


def _told_of(row: Row) -> list[Status]:
    """Return which statuses of a student are worth a word in the overview."""
    return [status for status in Status if status is not Status.PRESENT and row.count[status]]


def _percent(share: float | None) -> str:
    return _UNKNOWN if share is None else f"{100 * share:.0f} %"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("register"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> tuple[Markup, str]:
    """Return the style sheet, and what the policy of a page says of it."""
    style = resources.files("register").joinpath("templates", "style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return Markup(style), f"sha256-{digest}"  # noqa: S704 - ours
