"""Random traders, orders and firms by seed: whatever they do, the books stay sound after every step."""

from pathlib import Path

import pytest

from bench.simulation import Simulation


@pytest.mark.parametrize("seed", [1, 3])
def test_simulation_stays_sound(seed: int, tmp_path: Path) -> None:
    told = Simulation(seed, tmp_path).run(50).told
    assert told["place"] > 4


def test_a_broken_book_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = Simulation(5, tmp_path)
    simulation.place()
    simulation.check("before")
    monkeypatch.setattr(
        type(simulation.ledger), "slots", lambda _self: [("works/lamp", "2026-03-05", 10, 11)]
    )
    with pytest.raises(AssertionError, match="over capacity"):
        simulation.check("after")


def test_the_same_seed_is_the_same_story(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert Simulation(7, tmp_path / "a").run(12).told == Simulation(7, tmp_path / "b").run(12).told
