import { describe, expect, test } from "vitest";
import { EXAMPLE_FACTS, EXAMPLE_NOTICES } from "./example-notices.ts";
import { checkTemplate, fillTemplate, type NoticeTemplate, SHIPPED_TEMPLATE } from "./notice-template.ts";
import { valuesOf, variablesOf } from "./notice-variables.ts";
import { NOTICE_KINDS, type NoticeKind } from "./notices.ts";
import { renderNotice } from "./render-notice.ts";

const facts = EXAMPLE_FACTS;

function problemsOf(kind: NoticeKind, change: Partial<NoticeTemplate>) {
  const template = { ...SHIPPED_TEMPLATE, ...change };
  return checkTemplate(kind, template, { facts, notice: EXAMPLE_NOTICES[kind] });
}

function filled(change: Partial<NoticeTemplate>, kind: NoticeKind = "shipped", of = facts) {
  return fillTemplate({ ...SHIPPED_TEMPLATE, ...change }, of, EXAMPLE_NOTICES[kind]);
}

describe("the shipped text as a template", () => {
  test.each(NOTICE_KINDS)("says of %s what is sent without one", (kind) => {
    const notice = EXAMPLE_NOTICES[kind];
    const { subject, text } = renderNotice(facts, notice);
    expect(problemsOf(kind, {})).toEqual([]);
    expect(filled({}, kind)).toMatchObject({ subject, text });
  });

  test.each(NOTICE_KINDS)("every variable that %s lists is there, and no other", (kind) => {
    const names = variablesOf(kind).map(({ name }) => name);
    expect(Object.keys(valuesOf(facts, EXAMPLE_NOTICES[kind])).sort()).toEqual([...names].sort());
  });
});

describe("a template", () => {
  test("is filled in with what an order has, and asks for what it may not have", () => {
    const mail = filled({
      subject: "Unterwegs: {{ orderNumber }}",
      text: "Hallo {{ customerName | default: 'liebe Kundin' }},\n{% if deliverBy %}bis {{ deliverBy }}{% endif %}\n{{ trackingUrl }}",
    });
    expect(mail).toMatchObject({
      subject: "Unterwegs: #9999",
      text: "Hallo Jane Smith,\nbis Friday, November 27\nhttps://shop.example/track/1\n",
    });
    expect(mail?.html).toContain('<a href="https://shop.example/track/1">https://shop.example/track/1</a>');
    const nameless = filled({ text: "Hallo {{ customerName | default: 'liebe Kundin' }}" }, "shipped", {
      ...facts,
      customerName: " ",
    });
    expect(nameless?.text).toBe("Hallo liebe Kundin\n");
  });

  test("escapes every value in HTML, and keeps a value on its line", () => {
    const poisoned = { ...facts, customerName: 'A<script>x</script>"\r\nBcc: b@example.com' };
    const mail = filled(
      {
        subject: "For {{ customerName }}",
        text: "{{ customerName }}",
        html: '<p title="{{ customerName }}">{{ customerName }}</p>',
      },
      "shipped",
      poisoned,
    );
    expect(mail?.html).not.toMatch(/<script|x<\/script|title="A<|""/);
    expect(mail?.html).toContain("&lt;script&gt;");
    expect(mail?.subject).not.toMatch(/[\r\n]/);
    expect(mail?.text.trim().split("\n")).toHaveLength(1);
    const plain = filled({ text: "{{ customerName }}" }, "shipped", poisoned);
    expect(plain?.html).not.toContain("<script");
  });

  test.each([
    [
      "a misspelt variable",
      { text: "one\n  {{ trackngNumber }}" },
      /^text 2:6 There is no variable "trackngNumber"/,
    ],
    [
      "one of another kind of mail",
      { subject: "{{ storeCredit.code }}" },
      /^subject 1:4 There is no variable "storeCredit"/,
    ],
    [
      "a misspelt part of one",
      { text: "{% for line in lines %}{{ line.titel }}{% endfor %}" },
      /^text 1:\d+ Undefined variable: line\.titel/,
    ],
    ["a tag that is not closed", { text: "{% if total %}x" }, /^text 1:1 .*if.*not closed/],
    ["a tag that reads files", { text: "{% include 'secret' %}" }, /^text 1:1 .*include/],
    [
      "a filter that takes the escaping away",
      { html: "<p>{{ customerName | raw }}</p>" },
      /^html 1:\d+ .*raw/,
    ],
    ["a script", { html: "<p>x</p>\n<script>alert(1)</script>" }, /^html 2:1 "<script" has no place/],
    ["an event handler", { html: '<img src="x" onerror="alert(1)">' }, /^html 1:\d+ "onerror=" has no place/],
    ["an empty text", { text: " \n" }, /^text -:- It is empty/],
    ["what never ends", { text: "{% for a in (1..9000000) %}x{% endfor %}" }, /^text .*(limit|exceed)/i],
  ])("is refused with the place of %s", (_what, change, expected) => {
    const [first, ...others] = problemsOf("shipped", change);
    expect(`${first?.part} ${first?.line ?? "-"}:${first?.column ?? "-"} ${first?.problem}`).toMatch(
      expected,
    );
    expect(others).toEqual([]);
  });

  test("reaches nothing but its variables", () => {
    for (const text of ["{{ lines.constructor }}", "{{ title.__proto__ }}", "{{ action.toString }}"])
      expect(problemsOf("shipped", { text }).map(({ problem }) => problem)).toEqual([
        expect.stringMatching(/^Undefined variable/),
      ]);
    expect(filled({ text: "[{{ lines.constructor.constructor }}]" })?.text).toBe("[]\n");
  });

  test("of many blanks within a line is made HTML at once, and keeps one of them", () => {
    const began = performance.now();
    const mail = filled({ text: `from${" ".repeat(60_000)}us: https://shop.example {{ customerName }} ` });
    // With a search that begins anew at each blank: some six seconds.
    expect(performance.now() - began).toBeLessThan(1_500);
    expect(mail?.html).toContain(
      'us: <a href="https://shop.example">https://shop.example</a> Jane Smith</p>',
    );
  });

  test("that cannot be filled in after all makes way for the shipped text", () => {
    const notice = EXAMPLE_NOTICES.shipped;
    const broken = { ...SHIPPED_TEMPLATE, text: "{% for a in (1..9000000) %}x{% endfor %}" };
    expect(renderNotice(facts, notice, broken)).toEqual(renderNotice(facts, notice));
  });
});
