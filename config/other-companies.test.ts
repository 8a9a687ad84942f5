import { expect, test } from "vitest";
import { readOtherCompanies } from "./other-companies.ts";

const read = (text: string, isProduction = true) => readOtherCompanies(text, isProduction);

test("names and addresses are read, with or without blanks, a path, a slash at the end", () => {
  expect(read("Acme Retail=https://retail.example.com/, Trade = https://example.com/trade/ ,")).toEqual({
    status: "ok",
    companies: [
      { name: "Acme Retail", url: "https://retail.example.com" },
      { name: "Trade", url: "https://example.com/trade" },
    ],
  });
  expect(read("")).toEqual({ status: "ok", companies: [] });
});

test.each([
  ["https://retail.example.com", "must be like"],
  ["=https://retail.example.com", "must be like"],
  ["Acme=nowhere", "must be like"],
  ["Acme=javascript:alert(1)", "must have https://"],
  ["Acme=http://retail.example.com", "must have https:// in front of the address of Acme"],
  ["Acme=https://ada:secret@retail.example.com", "no user name or password"],
  [Array.from({ length: 51 }, (_, index) => `C${index}=https://c${index}.example`).join(","), "50 companies"],
])("%s is refused: %s", (text, problem) => {
  expect(read(text)).toMatchObject({ status: "invalid", problem: expect.stringContaining(problem) });
});

test("on this machine, and where it is tried, plain http will do", () => {
  expect(read("Acme=http://127.0.0.1:7401").status).toBe("ok");
  expect(read("Acme=http://retail.example.com", false).status).toBe("ok");
});
