/**
 * A QR code as SVG, black on white: what a shopper shows at the counter instead of a printed label, or what
 * an authenticator app reads.
 */
import bwipjs from "bwip-js/node";

export function drawQrCode(text: string): Uint8Array {
  const svg = bwipjs.toSVG({
    bcid: "qrcode",
    text,
    backgroundcolor: "FFFFFF",
    padding: 8,
  });
  return new TextEncoder().encode(svg);
}
