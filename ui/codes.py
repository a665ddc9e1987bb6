"""QR codes out with segno and in with zxing. Heavy, so loaded after the first paint."""

from __future__ import annotations

import segno
import zxingcpp
from PySide6.QtGui import QImage


class QrCodes:
    """The `Codes` that the real window uses."""

    def draw(self, text: str) -> tuple[str, ...]:
        """Return a QR code: rows of '1' and '0', without the quiet zone."""
        code = segno.make_qr(text.upper(), error="m", boost_error=False)
        return tuple("".join("1" if bit else "0" for bit in row) for row in code.matrix)

    def read(self, image: QImage) -> str:
        """Return what a QR code in a picture says, empty when there is none."""
        if image.isNull():
            return ""
        grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
        pixels = memoryview(bytes(grey.constBits())).cast("B", (grey.height(), grey.bytesPerLine()))
        found = zxingcpp.read_barcodes(pixels)
        return next((barcode.text for barcode in found if barcode.text), "")
