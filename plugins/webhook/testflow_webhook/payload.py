"""What a run is told as: a document of a stable form."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from testflow_core.tracking import facts_of, files_of, masked, result_of
from testflow_core.wording import headline, one_line, plain

if TYPE_CHECKING:
    from testflow_core.model import Cluster, Run

VERSION = 1
CLUSTERS, TESTS, TITLE, EVIDENCE = 100, 20, 300, 2_000


def payload(run: Run) -> bytes:
    """The document as JSON, in ASCII, the same for the same run."""
    counts = Counter(result.status.value for result in run.results)
    document = {
        "version": VERSION,
        "run_id": run.run_id,
        "workflow": _line(run.workflow),
        "started": run.started,
        "seconds": round(sum(run.phases.values()), 3),
        "ok": run.ok,
        "headline": headline(run),
        "stopped": _line(run.stopped),
        "tests": dict(sorted(counts.items())),
        "clusters": [_cluster(each, run) for each in run.clusters[:CLUSTERS]],
        "more_clusters": max(0, len(run.clusters) - CLUSTERS),
        "warnings": [_line(each) for each in run.warnings[:CLUSTERS]],
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _cluster(cluster: Cluster, run: Run) -> dict[str, Any]:
    evidence = cluster.diagnosis.evidence
    verdict = cluster.verdict
    result = result_of(run, cluster)
    return {
        "id": cluster.id,
        "category": cluster.category,
        "title": _line(cluster.title),
        "team": cluster.owner,
        "count": cluster.count,
        "tests": [_line(each) for each in cluster.tests[:TESTS]],
        "blocking": cluster.blocking,
        "new": cluster.new,
        "earlier_runs": cluster.times,
        "also_red_on_main": cluster.also_red_on_main,
        "evidence": masked(plain((evidence.text if evidence else "")[: 2 * EVIDENCE]))[:EVIDENCE],
        "advice": _line(cluster.diagnosis.advice),
        "blame": verdict.blame.value if verdict else None,
        "reasons": [_line(each) for each in verdict.reasons] if verdict else [],
        "suggestions": [_line(each) for each in verdict.suggestions[:TESTS]] if verdict else [],
        "around": [_line(each) for each in facts_of(result)[:TESTS]],
        "artifacts": files_of(result),
    }


def _line(text: str) -> str:
    return masked(one_line(text[: 4 * TITLE]))[:TITLE]
