"""What was measured becomes what is simulated: fitting a profile, and its file."""

import json

import pytest

from simnova import Cloud, Host, Profile, UsageError
from simnova.kernel.clock import Between

SLOW = Profile(start=Between(7, 9), download=Between(10, 20))


def steps(cloud, name):
    return [e.data for e in cloud.journal if e.kind == "virt.step" and e.data["step"] == name]


@pytest.fixture(scope="module")
def cloud():
    made = Cloud([Host("compute1", profile=SLOW)])
    for name in ("one", "two", "three"):
        made.boot(name, flavor="m1.tiny")
        made.run()
    return made


def test_a_fit_is_the_range_of_what_was_seen(cloud):
    fitted = Profile.fit(cloud.journal)
    took = [step["seconds"] for step in steps(cloud, "start")]
    assert (fitted.start.low, fitted.start.high) == pytest.approx((min(took), max(took)), rel=1e-3)
    assert 7 <= fitted.start.low < fitted.start.high <= 9


def test_of_steps_that_move_bytes_it_is_the_rate_and_of_unseen_ones_the_default(cloud):
    fitted = Profile.fit(cloud.journal)
    assert fitted.download.low == fitted.download.high  # a host downloads an image once
    assert 10 <= fitted.download.low <= 20
    assert fitted.restore is Profile().restore


def test_live_migrations_tell_how_fast_they_went_and_how_fast_their_guests_wrote():
    profile = Profile(bandwidth=Between(300, 300), dirty=Between(20, 20))
    cloud = Cloud([Host(name, profile=profile) for name in ("compute1", "compute2")])
    web = cloud.boot("web").wait()
    for _ in range(2):
        web.live_migrate()
        cloud.run()
    fitted = Profile.fit(cloud.journal)
    assert [fitted.bandwidth.low, fitted.bandwidth.high] == pytest.approx([300] * 2, rel=0.01)
    assert [fitted.dirty.low, fitted.dirty.high] == pytest.approx([20, 20], rel=0.01)


def test_a_migration_that_was_called_off_tells_nothing():
    profile = Profile(bandwidth=Between(10, 10))
    cloud = Cloud([Host(name, profile=profile) for name in ("compute1", "compute2")])
    web = cloud.boot("web").wait()
    web.live_migrate()
    cloud.run(cloud.now + 30)
    web.abort_migration()
    cloud.run()
    assert Profile.fit(cloud.journal).bandwidth is Profile().bandwidth


def test_a_guest_that_writes_nothing_is_a_profile_too(tmp_path):
    file = tmp_path / "mine.json"
    Profile(dirty=Between(0, 0)).write(file)
    assert Profile.read(file).dirty.high == 0


def test_several_journals_are_fitted_as_one(cloud):
    other = Cloud([Host("compute1", profile=Profile(start=Between(1, 2)))])
    other.boot("web")
    other.run()
    fitted = Profile.fit(cloud.journal, other.journal)
    assert fitted.start.low < 2 < 7 < fitted.start.high


def test_a_journal_without_a_step_fits_nothing():
    with pytest.raises(UsageError, match="boot a server first"):
        Profile.fit(Cloud(1).journal)


def test_what_is_written_is_read_again(tmp_path, cloud):
    file = tmp_path / "mine.json"
    fitted = Profile.fit(cloud.journal)._replace(failure=0.25)
    fitted.write(file)
    assert repr(Profile.read(file)) == repr(fitted)
    assert json.loads(file.read_text())["failure"] == 0.25


def test_a_host_takes_a_profile_or_its_file_and_a_fork_the_same(tmp_path, cloud):
    SLOW.write(tmp_path / "mine.json")
    again = Cloud([Host("compute1", profile=tmp_path / "mine.json")])
    again.boot("one", flavor="m1.tiny")
    again.run()
    assert steps(again, "start") == steps(cloud, "start")[:1]
    (tmp_path / "mine.json").unlink()
    again.fork().close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("[1, 2]", "is no profile: give an object"),
        ('{"strat": [1, 2]}', "did you mean 'start'"),
        ('{"start": [2, 1]}', r"start=\[2, 1\] is no range"),
        ('{"start": [0, 1]}', "two numbers above 0"),
        ('{"start": [1]}', "is no range"),
        ('{"start": 3}', "is no range"),
        ('{"start": ["a", "b"]}', "is no range"),
        ('{"failure": 2}', "is no chance"),
    ],
)
def test_a_file_that_is_no_profile_is_refused(tmp_path, text, said):
    file = tmp_path / "mine.json"
    file.write_text(text)
    with pytest.raises(UsageError, match=said):
        Host("compute1", profile=str(file))


def test_no_such_file_is_told():
    with pytest.raises(UsageError, match="cannot read nowhere"):
        Host("compute1", profile="nowhere.json")
    with pytest.raises(UsageError, match="profile=3: give a Profile"):
        Host("compute1", profile=3)
