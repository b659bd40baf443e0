"""From bytes to a delivery, again and again: everything that is the same for all contents is made once."""

from io import BytesIO

from connectors.delivery import Delivery, collect
from connectors.formats.base import Context, Format
from connectors.inputs import Input
from connectors.privacy import Pseudonymiser
from schemas.codec import Codec
from schemas.territory.areas import Territory
from tests.hostile.cell import AS_OF


class Collector:
    """Reads contents of one format.

    Args:
        form: The format.
        territory: Tells places.
    """

    def __init__(self, form: Format, territory: Territory) -> None:
        self.codec = Codec()
        self._form = form
        self._source = form.default_source or "offres"
        self._pseudonyms = Pseudonymiser(b"k")
        self._territory = territory

    def delivery(self, content: bytes) -> Delivery:
        """What a content holds; raises FileRefused for one that is refused whole."""
        data = Input("data", BytesIO(content))
        context = Context(self._source, self._form.instant_of(data) or AS_OF, self._pseudonyms, self._territory)
        return collect(self._form.read(data, context), self._form, context, data.name, self.codec)
