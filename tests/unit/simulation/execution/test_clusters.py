# SPDX-License-Identifier: Apache-2.0
from sionna_semcom.simulation.execution.clusters import workers_of


class _Client:
    """Answers as Dask's client does whose thread has overwritten an answer with no workers."""

    def __init__(self, *answers):
        self._answers = iter(answers)

    def scheduler_info(self, n_workers):
        assert n_workers == -1
        return next(self._answers)


def test_answers_without_the_workers_that_they_count_are_asked_again():
    two = {"tcp://a": {}, "tcp://b": {}}
    empty = {"n_workers": 2, "workers": {}}
    assert workers_of(_Client(empty, empty, {"n_workers": 2, "workers": two})) == two
    assert workers_of(_Client({"n_workers": 0, "workers": {}})) == {}
