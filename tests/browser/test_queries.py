"""The language of queries as an exported page speaks it: what each means is what Python says it means."""

import json

import pytest
from lab import FLAGS, chromium
from playwright.sync_api import sync_playwright

from simnova import Cloud, Host, UsageError
from simnova.observe.query import KEYS, Query, choices, matching
from simnova.observe.steps import steps
from simnova.widgets import static
from simnova.widgets.export.facts import KNOWN, facts

pytestmark = pytest.mark.browser

ODD = (
    "",
    "  ",
    "-",
    '""',
    '-""',
    "kind:",
    'kind:""',
    "kind:nonsense",
    "KIND:rpc",
    "Kind:rpc.cast",
    "kind:RPC",
    "sort:web",
    '"sort:web"',
    "-sort:web",
    "web:",
    'a"b',
    '"a',
    '"a"b',
    '"web 1"',
    'server:"web 1"',
    'server:"web 1',
    r'"a \" b"',
    r'"\\"',
    r"\\",
    "state:flying",
    "level:warning",
    "level:Loud",
    "level:info -level:WARNING",
    "time:0..2",
    "time:..1",
    "time:1..",
    "time:1.",
    "time:.5..1.",
    "time:>0.5",
    "time:<=.5",
    "time:>=0",
    "time:..",
    "time:>",
    "time:1.2.3",
    "time:x",
    'time:"0..2"',
    "-time:0..1",
    "\tkind:rpc\n to:compute ",
    "kind:rpc.cast to:compute -method:object_",
    'service:nova-conductor "web 1"',
    "method:BUILD",
    "request:req-",
    "request:zzz",
    "server:nobody",
    "äöü",
    "WEB",
    "<script>",
)
SPEAK = """([facts, texts, known]) => texts.map((text) => {
    try {
        const query = meaning(text, known);
        return [query.text, [...facts.keys()].filter((index) => query.holds(facts[index]))];
    } catch (error) {
        return error.message ? null : "no message";
    }
})"""


@pytest.fixture(scope="module")
def journal():
    cloud = Cloud(hosts=[Host("compute1"), Host("compute2", memory_mb=1024)])
    web, other = cloud.boot("web"), cloud.boot("web 1")
    cloud.run()
    cloud.boot("too large", flavor="m1.xlarge")
    web.delete()
    cloud.run()
    assert other.status == "ACTIVE"
    return cloud.journal


def questions(journal):
    """Every value that a menu offers, whole and begun, said and denied, and pairs of them; and odd texts."""
    offered = [
        (key, value.split(" ")[0] if key == "request" else value)
        for key, values in choices(journal).items()
        for value in values
    ]
    uuids = [("server", event.data["instance"]) for event in journal if event.data.get("instance")]
    whole = [*offered, *dict.fromkeys(uuids)]
    whole += [("table", value.partition(".")[2]) for key, value in offered if key == "table"]
    whole += [("state", state) for state in KNOWN["state"]] + [
        ("level", level) for level in KNOWN["level"]
    ]
    whole += [("to", name) for key, name in offered if key in ("service", "host")] + [
        ("to", "compute"),
        ("to", "compute.compute1"),
    ]
    whole += [("service", f"@{name}") for key, name in offered if key == "host"]
    begun = [(key, value[: len(value) // 2]) for key, value in whole]
    told = [f'{key}:"{value}"' for key, value in [*whole, *begun]]
    words = [word for seq in (10, 40, 90) for word in facts(journal, seq)["text"][0].split()[:6]]
    said = list(dict.fromkeys([*told, *(f'"{word}"' for word in words if '"' not in word)]))
    pairs = [f"{one} -{other}" for one, other in zip(said, said[7:], strict=False)]
    return [*said, *(f"-{one}" for one in said), *pairs, *ODD]


def meant(journal, text, seqs):
    """How a query is spelled, and which of some steps it means; None where Python refuses it."""
    try:
        query = Query.parse(text)
    except UsageError:
        return None
    hits = set(matching(journal, query, seqs))
    return [str(query), [index for index, seq in enumerate(seqs) if seq in hits]]


def test_a_page_means_by_each_query_what_python_means(journal):
    if not chromium():
        pytest.skip("there is no Chromium here; see bindep.txt")
    seqs, texts = steps(journal, "everything"), questions(journal)
    told = [facts(journal, seq) for seq in seqs]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        page = browser.new_page()
        page.add_script_tag(content=(static.HERE / "query.js").read_text())
        answered = page.evaluate(SPEAK, [told, texts, json.loads(json.dumps(KNOWN))])
        keys = page.evaluate("KEYS_OF_A_QUERY")
        browser.close()
    assert set(keys) == set(KEYS)
    assert len(texts) > 400
    expected = [meant(journal, text, seqs) for text in texts]
    differ = [one for one in zip(texts, answered, expected, strict=True) if one[1] != one[2]]
    assert differ == []
    assert sum(bool(one and one[1]) for one in expected) > 150
