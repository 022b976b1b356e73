"""The harness itself: what it sees of a notebook is what is there."""

import pytest
from playwright.sync_api import expect

COUNTER = '''
import anywidget
import traitlets

class Counter(anywidget.AnyWidget):
    """A button that counts in the browser; the kernel doubles what it counted."""

    _esm = """
    function render({ model, el }) {
        const button = document.createElement("button");
        const twice = document.createElement("output");
        button.textContent = "count";
        button.onclick = () => {
            model.set("value", model.get("value") + 1);
            model.save_changes();
        };
        model.on("change:doubled", () => {
            twice.textContent = `twice is ${model.get("doubled")}`;
        });
        el.append(button, twice);
    }
    export default { render };
    """
    value = traitlets.Int(0).tag(sync=True)
    doubled = traitlets.Int(0).tag(sync=True)

    @traitlets.observe("value")
    def _double(self, change):
        self.doubled = 2 * change.new

Counter()
'''


@pytest.fixture
def notebook(lab):
    """Open a notebook made of the cells given."""

    def made(*cells):
        lab.make("made.ipynb", *cells)
        return lab

    return made


def test_a_widget_answers_from_its_kernel(notebook, tmp_path):
    lab = notebook(COUNTER, "1 + 1")
    lab.run_all()
    lab.assert_clean()
    for _ in range(3):
        lab.page.get_by_role("button", name="count").click()
    expect(lab.page.get_by_text("twice is 6")).to_be_visible()
    assert [cell["execution_count"] for cell in lab.cells()] == [1, 2]
    for picture, selector in {"window.png": "", "notebook.png": ".jp-Notebook"}.items():
        lab.screenshot(tmp_path / picture, selector)
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")


def test_an_error_a_warning_and_a_cell_not_reached_are_seen(notebook):
    lab = notebook("import warnings; warnings.warn('careful')", "1 / 0", "'never'")
    lab.run_all()
    warning, error, skipped = lab.troubles()
    assert "careful" in warning
    assert error.startswith("division by zero")
    assert skipped == "did not run: 'never'"
    with pytest.raises(AssertionError):
        lab.assert_clean()


def test_a_request_to_the_outside_is_refused_and_remembered(notebook):
    lab = notebook(
        "from IPython.display import HTML\nHTML('<img src=\"https://example.org/a.png\">')"
    )
    lab.run_all()
    lab.page.locator("img[src*='example.org']").wait_for(state="attached")
    lab.page.wait_for_load_state("networkidle")
    assert set(lab.refused) == {"https://example.org/a.png"}
