/** Amazon's feeds where they go wrong: what is never believed. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { ServiceFault } from "../../../ports/service-fault.ts";
import type { AmazonApi, Asked } from "./api.ts";
import { errorInTextReport, errorInXmlReport, runFeed } from "./feeds.ts";

const feed = { feedType: "JSON_LISTINGS_FEED", contentType: "application/json", content: "{}" } as const;

/** Amazon as far as the document's address; nothing listens there. */
function apiThat(
  answers: (asked: Asked) => { readonly status: number; readonly json: unknown },
  endpoint = "https://sellingpartnerapi-na.amazon.com",
): AmazonApi {
  return {
    account: {
      endpoint,
      tokenUrl: "https://api.amazon.com/auth/o2/token",
      clientId: "client",
      clientSecret: "client-secret",
      refreshToken: "Atzr|secret",
      sellerId: "SELLER",
      marketplaceIds: ["ATVPDKIKX0DER"],
    },
    timeoutMs: 1_000,
    now: Date.now,
    ask: async (asked) => ({ ...answers(asked), headers: new Headers() }),
  };
}

async function faultOf(api: AmazonApi): Promise<ServiceFault> {
  const fault = await runFeed(api, feed).catch((error: unknown) => error);
  if (!(fault instanceof ServiceFault)) throw new Error(`no fault: ${String(fault)}`);
  return fault;
}

test("a document goes to no address but one of Amazon's kind, and the address is in no error", async () => {
  for (const url of ["", "http://169.254.169.254/latest", "file:///etc/passwd", "no address"]) {
    const api = apiThat(() => ({ status: 201, json: { feedDocumentId: "d-1", url } }));
    const fault = await faultOf(api);
    expect(fault).toMatchObject({ code: "unavailable", retryable: true });
    if (url !== "") expect(fault.message).not.toContain(url);
  }
});

test("an address that has ended locks nobody out: the feed begins anew", async () => {
  const store = createServer((request, response) => {
    request.resume();
    response.writeHead(403, { "content-type": "application/xml" });
    response.end("<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>");
  });
  await new Promise<void>((done) => store.listen(0, "127.0.0.1", done));
  try {
    const url = `http://127.0.0.1:${(store.address() as AddressInfo).port}/document`;
    const answer = () => ({ status: 201, json: { feedDocumentId: "d-1", url } });
    const fault = await faultOf(apiThat(answer, url));
    expect(fault).toMatchObject({ code: "unavailable", retryable: true });
    // By this status a missing right is known.
    expect(fault.status).not.toBe(403);
  } finally {
    store.closeAllConnections();
    store.close();
  }
});

test("what Amazon refuses of a feed itself is ours to mend, in its words", async () => {
  const errors = [{ code: "InvalidInput", message: "contentType is missing" }];
  expect(await faultOf(apiThat(() => ({ status: 400, json: { errors } })))).toMatchObject({
    code: "request_refused",
    retryable: false,
    message: "Amazon refused createFeedDocument: InvalidInput: contentType is missing",
  });
});

describe("a report in XML", () => {
  const result = (code: string, text: string) =>
    `<Result><MessageID>1</MessageID><ResultCode>${code}</ResultCode><ResultMessageCode>99</ResultMessageCode><ResultDescription>${text}</ResultDescription></Result>`;
  const report = (...results: readonly string[]) =>
    `<ProcessingReport><StatusCode>Complete</StatusCode>${results.join("")}</ProcessingReport>`;

  test("without an error is none, whatever it warns of", () => {
    expect(errorInXmlReport("")).toBeNull();
    expect(errorInXmlReport(report())).toBeNull();
    expect(errorInXmlReport(report(result("Warning", "late")))).toBeNull();
  });

  test("tells the first error and not the warning before it", () => {
    expect(errorInXmlReport(report(result("Warning", "late"), result("Error", "shipped already")))).toEqual({
      code: "99",
      message: "shipped already",
    });
    expect(errorInXmlReport(report("<Result><ResultCode>Error</ResultCode></Result>"))).toEqual({
      code: "feed_error",
      message: "Amazon refused the message.",
    });
  });
});

describe("a report in lines with tabs", () => {
  const report = (successful: number, ...rows: readonly string[]) =>
    [
      "Feed Processing Summary:",
      "\tNumber of records processed\t\t1",
      `\tNumber of records successful\t\t${successful}`,
      "",
      "original-record-number\tsku\terror-code\terror-type\terror-message",
      ...rows,
    ].join("\r\n");

  test("without an error is none, whatever it warns of", () => {
    expect(errorInTextReport("")).toBeNull();
    expect(errorInTextReport(report(1))).toBeNull();
    expect(errorInTextReport(report(1, "1\t\t79000\tWarning\tlate"))).toBeNull();
  });

  test("tells the first error, and that a record was not taken though nobody says why", () => {
    expect(
      errorInTextReport(report(0, "1\t\t79000\tWarning\tlate", "1\t\t79513\tError\tPlease provide x")),
    ).toEqual({ code: "79513", message: "Please provide x" });
    expect(errorInTextReport(report(0))).toMatchObject({ code: "feed_error" });
    expect(errorInTextReport(report(0, "1\t\t\tError"))).toMatchObject({ code: "feed_error" });
  });
});
