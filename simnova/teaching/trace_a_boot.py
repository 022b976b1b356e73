"""The checks of the lab "trace a boot"; each reads the journal, so the lab's hosts, sizes and seed can be changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from simnova.kernel.journal import Journal
from simnova.teaching.boots import BUILD, Boot
from simnova.teaching.hints import Hint, agree, expect, passed, wrong


class Cloud(Protocol):
    """What a check needs of a cloud."""

    @property
    def journal(self) -> Journal:
        """What happened in it."""


class Check:
    """One method for each task of the lab: it says `✓` and what the answer means, or raises a `Hint`."""

    def __init__(self, cloud: Cloud) -> None:
        self.journal = cloud.journal
        self.boot = Boot(cloud.journal)

    # --- who won ---

    def winner(self, host: object) -> None:
        """Task 1: the host that the scheduler chose."""
        decision = self.boot.decision
        agree(host, decision.host, "cloud.decision() shows every host; the winner bears a ★.")
        passed(f"{decision.host} won; {' and '.join(decision.alternates)} are its alternates.")

    def losers(self, lost_at: object) -> None:
        """Task 2: what each other host lost at."""
        found = self.boot.lost_at()
        given = _with_suffix(lost_at, list(found.values()))
        missed = wrong(given, found)
        expect(
            not missed,
            f"{', '.join(missed)}: read the signs in cloud.decision() from Placement on and stop at the first ✗; "
            "who has none passed every filter and lost by its 'weight'.",
        )
        extra = sorted(set(map(str, given)) - set(found))
        expect(not extra, f"{', '.join(extra)}: no host of this cloud that lost.")
        passed("Placement counts, filters say yes or no, weights put in order: in this order.")

    def decisive(self, weigher: object) -> None:
        """Task 3: the weigher to which the winner owes it."""
        found = self.boot.decisive()
        given = f"{str(weigher).removesuffix('Weigher')}Weigher"
        hint = (
            "compare the winner with the runner-up, weigher by weigher, in the last table of cloud.decision(): "
            "which of them gave the winner the most over the other?"
        )
        agree(given, found, hint)
        passed(f"{found} gave the winner its largest lead. What would its multiplier have to be?")

    # --- messages ---

    def how(self, how: object) -> None:
        """Task 4: which methods were called and which cast."""
        found = self.boot.how()
        missed = wrong(how, found)
        expect(
            not missed,
            f"{len(missed)} of the boot's {len(found)} methods are missing or told wrongly; look at the events "
            "of kind rpc.call and rpc.cast that bear the boot's request id, without object_action.",
        )
        passed("A caller waits for its reply. Whoever casts never learns what became of it.")

    def queues(self, queues: object) -> None:
        """Task 5: through which queue the three messages on the way to the host went."""
        found = self.boot.queues()
        on_the_way = ("schedule_and_build_instances", "select_destinations", BUILD)
        missed = wrong(queues, {method: found[method] for method in on_the_way})
        expect(
            not missed,
            f"{', '.join(missed)}: the event amqp.publish whose cause is the rpc event names the queues into which "
            'the broker put the message (data["queues"]).',
        )
        passed("Whoever listens on the first two may take the message; the third is for one host.")

    def row_work(self, number: object) -> None:
        """Task 6: how often nova-compute had the conductor work on rows."""
        hint = (
            "nova-compute may not touch a database: it calls the conductor's object_action. Count those rpc.call "
            "events among the boot's; story and sequence leave them out, detail='messages' does not."
        )
        agree(number, self.boot.row_work(), hint)
        passed("Each of them has its reply: most of a boot's messages are about rows.")

    # --- rows and states ---

    def stand_in(self, table: object, born: object, gone: object) -> None:
        """Task 7: the row that stood for the server before its cell had it."""
        found = self.boot.stand_in()
        agree(
            str(table).rpartition(".")[2],
            found.table.rpartition(".")[2],
            "at the time of the 202 nova_cell1.instances has no row yet. Which table got one from nova-api, with "
            "the server's instance_uuid, that was deleted again later?",
        )
        agree(
            [born, gone],
            [found.born, found.gone],
            f"the table is right; now the numbers (event.seq) of its db.insert and its db.delete, of this boot alone, "
            f"as numbers between {self.boot.request.seq} and {self.boot.active_at()}.",
        )
        passed(
            "From before the 202 until the cell has its row, it is what the API shows of the server."
        )

    def task_states(self, states: object) -> None:
        """Task 8: the task states between the cast to the host and ACTIVE."""
        hint = (
            f"among the events after {self.boot.built_at()} up to {self.boot.active_at()}, take the db.update of "
            'nova_cell1.instances whose data["after"] has a task_state, and list them all; None is a state as well.'
        )
        agree(states, self.boot.task_states(), hint)
        passed("vm_state stays 'building' all the while: what is being done is the task_state.")

    def longest(self, step: object) -> None:
        """Task 9: the step of the hypervisor's that took longest."""
        hint = (
            "each virt.step event has its name in data['step'] and its seconds in data['seconds']."
        )
        agree(step, self.boot.longest(), hint)
        passed(f"{step} took longest. The image is in the cache now: the next boot is shorter.")

    # --- causes ---

    def chain(self, origin: object, methods: object, answer_is_on_it: object) -> None:
        """Task 10: the chain of causes from ACTIVE back to the beginning."""
        chain = self.boot.chain()
        agree(
            origin,
            chain[0].seq,
            "journal.causes(seq) gives an event, its cause, the cause of that, and so on. Begin at the event at which "
            "vm_state became 'active'; the last of them is the origin.",
        )
        sent = [e.data["method"] for e in chain if e.kind in ("rpc.call", "rpc.cast")]
        found = [method for method in sent if method != "object_action"]
        agree(
            methods,
            found,
            "the origin is right; now turn the chain round and take the methods of its rpc.call and rpc.cast events, "
            "without object_action.",
        )
        agree(
            answer_is_on_it,
            self.boot.answer() in chain,
            "origin and methods are right; now look for the 202: the http.response of nova-api. Is it on the chain?",
        )
        passed("The 202 is a branch that ends with you. The cast went on without it.")

    # --- something changed ---

    def prediction(self, tried: object, scheduler_calls: object, status: object) -> None:
        """Task 11: what was predicted of the boot whose first host fails, against what happened."""
        hosts, calls = self.boot.hosts_tried(), self.boot.how_often("select_destinations")
        found = {"tried": hosts, "scheduler_calls": calls, "status": self.boot.status()}
        given = {"tried": tried, "scheduler_calls": scheduler_calls, "status": status}
        missed = wrong(given, found)
        expect(
            not missed,
            f"{', '.join(missed)}: it went another way. Look at again.story(only='rpc') and at the alternates in "
            "cloud.decision(), find out why, and mend the prediction.",
        )
        passed(f"Tried {' and then '.join(hosts)}; calls to the scheduler: {calls}.")

    def handed_back(self, method: object, queue: object) -> None:
        """Task 12: how the host that failed gave the server back."""
        given_up = self.boot.handed_back()
        found = [given_up.data["method"], *self.boot.published(given_up)]
        hint = (
            "between the two build_and_run_instance casts there is one more cast, by the nova-compute that failed: "
            "which method, and which queue did the broker put it into?"
        )
        agree([method, queue], found, hint)
        passed("The host asks the conductor, with the alternates still to try in the message.")

    def hosts_tried(self, function: Callable[[Journal], list[str]]) -> None:
        """Task 13: a function that reads the hosts that were tried out of any journal of one boot."""
        found = self.boot.hosts_tried()
        try:
            answer = function(self.journal)
        except Exception as error:
            raise Hint(f"the function raised {type(error).__name__}: {error}") from None
        hint = (
            f"of the events of kind rpc.cast take those with the method {BUILD}: the host is the server to which they "
            f"are addressed (data['server']). This journal has {len(found)} of them."
        )
        agree(answer, found, hint)
        passed(f"{len(found)} of {len(found)} hosts, in order.")


def _with_suffix(answer: object, names: list[str]) -> dict[object, object]:
    """The answer with filters named in full: Compute is ComputeFilter."""
    given = answer if isinstance(answer, dict) else {}
    full = {name.removesuffix("Filter"): name for name in names}
    return {host: full.get(str(said), said) for host, said in given.items()}
