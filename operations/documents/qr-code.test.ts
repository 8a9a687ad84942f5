import { expect, test } from "vitest";
import { drawQrCode } from "./qr-code.ts";

test("a return's code is a picture that no style sheet can make unreadable", () => {
  const svg = new TextDecoder().decode(drawQrCode("9400111899223197428497"));
  expect(svg).toMatch(/^<svg [^>]*viewBox=/);
  expect(svg).toMatch(/fill="#FFFFFF"/i);
  expect(svg).not.toContain("<script");
});
