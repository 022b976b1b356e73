"""What a player gives away: a page that steps without a kernel, and pictures of a step."""

from simnova.widgets.export.page import Told as Told
from simnova.widgets.export.page import page as page
from simnova.widgets.export.picture import png as png
