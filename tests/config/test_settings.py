"""What a network file asks counts also where the settings name it; the settings come first."""

from fractions import Fraction
from pathlib import Path

import pytest

from config.settings import load_foresight, load_policy
from domain.errors import InputDefectsError


def files(folder: Path, settings: str, network: str) -> Path:
    (folder / "network.toml").write_text(network)
    (folder / "net.toml").write_text(f'network = "network.toml"\n{settings}')
    return folder / "net.toml"


def test_policy_of_the_network_file_counts_where_the_settings_name_it(tmp_path: Path) -> None:
    asked = "[policy]\ncover_minimum = 5\nliquid_days_late = 7\nrate_days = 3\nown_cash_chance = 0.1\n"
    path = files(tmp_path, "", asked)
    policy = load_policy(path)
    assert (policy.cover_minimum, policy.rate_days) == (5, 3)
    assert [one.buyer_late_days for one in policy.stresses if one.must_pass] == [7]
    assert load_foresight(path).own_cash_chance == Fraction(1, 10)
    assert policy == load_policy(tmp_path / "network.toml")


def test_settings_come_before_the_network_file_field_by_field(tmp_path: Path) -> None:
    path = files(
        tmp_path,
        "[policy]\ncover_minimum = 1.2\nlead_time_quantile = 0.9\n",
        "[policy]\ncover_minimum = 5\nbooking_days = 9\nlead_time_quantile = 0.5\n",
    )
    policy = load_policy(path)
    assert (policy.cover_minimum, policy.booking_days) == (Fraction(6, 5), 9)
    assert load_foresight(path).lead_time_quantile == Fraction(9, 10)


def test_defect_in_the_network_files_policy_is_told_with_its_file(tmp_path: Path) -> None:
    path = files(tmp_path, "", "[policy]\ncover_minimun = 5\n")
    with pytest.raises(InputDefectsError, match=r"network\.toml:2: policy\.cover_minimun"):
        load_policy(path)
