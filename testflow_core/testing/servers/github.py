"""A fake of GitHub's REST API as far as issues go: lists with pages, search, limits and refusals."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from attrs import evolve

from testflow_core.testing.servers.github_issues import Refused, Repository
from testflow_core.testing.servers.loopback import Answer, LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from testflow_core.testing.servers.loopback import Request

HOUR = 3600
PAGE, MOST = 30, 100
SEARCHED = 1000
"""Of what a search finds, the API tells no more."""


class GitHubServer(LoopbackServer):
    """
    GitHub with these repositories, and one `token` that may write to them; anybody may read.

    `limit` requests may be made in an hour, of which each answer tells the rest. `read_only` is a token without the
    permission to write. Source: https://docs.github.com/en/rest/issues, version 2022-11-28.
    """

    def __init__(
        self, *repositories: str | Repository, token: str = "", limit: int = 5_000, read_only: bool = False
    ) -> None:
        super().__init__()
        made = [each if isinstance(each, Repository) else Repository(each) for each in repositories]
        self.repositories = {each.name: each for each in made}
        self.limit = limit
        self.read_only = read_only
        self._token = token
        self._used = 0
        self._reset = self.now + HOUR

    def dressed(self, answer: Answer) -> Answer:
        """The answer with what is left of the limit."""
        told = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - self._used)),
            "X-RateLimit-Used": str(self._used),
            "X-RateLimit-Reset": str(int(self._reset)),
            "X-RateLimit-Resource": "core",
        }
        return evolve(answer, headers={**told, **answer.headers})

    def answer(self, request: Request) -> Answer:
        """What GitHub answers."""
        try:
            self._count()
            self._admit(request)
            return self._routed(request)
        except Refused as refused:
            return refused.answer

    def _count(self) -> None:
        if self.now >= self._reset:
            self._used, self._reset = 0, self.now + HOUR
        if self._used >= self.limit:
            raise Refused(403, "API rate limit exceeded for user ID 1.")
        self._used += 1

    def _admit(self, request: Request) -> None:
        if "user-agent" not in request.headers:
            raise Refused(
                403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent"
            )
        said = request.headers.get("authorization", "")
        token = re.fullmatch(r"(?i:bearer|token) (\S+)", said)
        if said and (token is None or token[1] != self._token):
            raise Refused(401, "Bad credentials")
        if request.method != "GET" and not said:
            raise Refused(401, "Requires authentication")
        if request.method != "GET" and self.read_only:
            raise Refused(403, "Resource not accessible by personal access token")

    def _routed(self, request: Request) -> Answer:
        for method, pattern, route in self._routes():
            found = re.fullmatch(pattern, request.path)
            if found and method == request.method:
                return route(request, *found.groups())
        raise Refused(404, "Not Found")

    def _routes(self) -> Sequence[tuple[str, str, Callable[..., Answer]]]:
        issues = r"/repos/([^/]+/[^/]+)/issues"
        return (
            ("GET", issues, self._list),
            ("POST", issues, self._create),
            ("GET", rf"{issues}/(\d+)", self._read),
            ("PATCH", rf"{issues}/(\d+)", self._edit),
            ("GET", rf"{issues}/(\d+)/comments", self._comments),
            ("POST", rf"{issues}/(\d+)/comments", self._comment),
            ("GET", r"/repos/([^/]+/[^/]+)", self._repository),
            ("GET", "/search/issues", self._search),
            ("GET", "/rate_limit", self._limits),
        )

    def _at(self, name: str) -> Repository:
        if name not in self.repositories:
            raise Refused(404, "Not Found")
        return self.repositories[name]

    def _repository(self, _: Request, name: str) -> Answer:
        there = self._at(name)
        facts = {"full_name": name, "name": name.partition("/")[2], "has_issues": there.has_issues}
        return Answer(body={**facts, "url": f"{self.url}/repos/{name}", "permissions": {"push": there.push}})

    def _list(self, request: Request, name: str) -> Answer:
        return self._page(request, self._at(name).listed(request.query))

    def _create(self, request: Request, name: str) -> Answer:
        return self._told(self._at(name).add(request.body, self.now, self.url), status=201)

    def _read(self, _: Request, name: str, number: str) -> Answer:
        return self._told(self._at(name).issue(int(number)))

    def _edit(self, request: Request, name: str, number: str) -> Answer:
        return self._told(self._at(name).edit(int(number), request.body, self.now))

    def _comments(self, request: Request, name: str, number: str) -> Answer:
        there = self._at(name)
        there.issue(int(number))
        return self._page(request, there.comments[int(number)])

    def _comment(self, request: Request, name: str, number: str) -> Answer:
        return self._told(self._at(name).comment(int(number), request.body, self.now), status=201)

    def _told(self, fields: dict[str, Any], status: int = 200) -> Answer:
        return Answer(status=status, body=dict(fields))

    def _limits(self, _: Request) -> Answer:
        core = {
            "limit": self.limit,
            "used": self._used,
            "remaining": self.limit - self._used,
            "reset": int(self._reset),
        }
        return Answer(body={"resources": {"core": core, "search": core}, "rate": core})

    def _page(self, request: Request, found: Sequence[dict[str, Any]]) -> Answer:
        size, number = _paging(request.query)
        last = max(1, -(-len(found) // size))
        pages = {"prev": number - 1, "next": number + 1, "last": last, "first": 1}
        shown = {rel: at for rel, at in pages.items() if (at > number) == (rel in {"next", "last"}) and 1 <= at <= last}
        links = [f'<{self._link(request, at)}>; rel="{rel}"' for rel, at in shown.items() if at != number]
        headers = {"Link": ", ".join(links)} if links else {}
        return Answer(body=[dict(each) for each in found[(number - 1) * size : number * size]], headers=headers)

    def _link(self, request: Request, page: int) -> str:
        return f"{self.url}{request.path}?{urlencode({**request.query, 'page': str(page)})}"

    def _search(self, request: Request) -> Answer:
        """What has all words and terms of the query: `repo:`, `is:`, `state:`, `label:`, and words of the texts."""
        terms, words = _terms(request.query.get("q", ""))
        if not terms and not words:
            raise Refused(422, "Validation Failed", {"resource": "Search", "field": "q", "code": "missing"})
        found = [each for name in terms.get("repo", self.repositories) for each in self._at(name).issues.values()]
        found = [each for each in found if _fits(each, terms, words)]
        page = self._page(request, found[:SEARCHED])
        return evolve(page, body={"total_count": len(found), "incomplete_results": False, "items": page.body})


def _paging(query: Mapping[str, str]) -> tuple[int, int]:
    size, number = query.get("per_page", ""), query.get("page", "")
    return min(MOST, int(size)) if size.isdigit() and int(size) else PAGE, max(
        1, int(number)
    ) if number.isdigit() else 1


def _terms(asked: str) -> tuple[dict[str, list[str]], list[str]]:
    terms: dict[str, list[str]] = {}
    words: list[str] = []
    for word in shlex.split(asked):
        key, colon, value = word.partition(":")
        if colon and key in {"repo", "is", "state", "label", "in", "type"}:
            terms.setdefault(key, []).append(value)
        else:
            words.append(word)
    return terms, words


def _fits(issue: dict[str, Any], terms: Mapping[str, Sequence[str]], words: Sequence[str]) -> bool:
    kind = "pr" if "pull_request" in issue else "issue"
    states = {issue["state"], kind}
    text = f"{issue['title']}\n{issue['body'] or ''}".lower()
    return (
        all(each in states for key in ("is", "state", "type") for each in terms.get(key, ()))
        and {label["name"] for label in issue["labels"]}.issuperset(terms.get("label", ()))
        and all(word.lower() in text for word in words)
    )
