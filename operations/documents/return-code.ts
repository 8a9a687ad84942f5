/**
 * The code that a shopper shows at the counter instead of a printed label: a QR code as SVG, black on white.
 */
import bwipjs from "bwip-js/node";

export function drawReturnCode(code: string): Uint8Array {
  const svg = bwipjs.toSVG({
    bcid: "qrcode",
    text: code,
    backgroundcolor: "FFFFFF",
    padding: 8,
  });
  return new TextEncoder().encode(svg);
}
