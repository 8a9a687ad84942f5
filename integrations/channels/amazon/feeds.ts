/**
 * Amazon's feeds: a document is uploaded, processed some time later, and answered by another document.
 *
 * F1 A feed is told only when it is done and its answer has been read: Amazon takes a feed in whose messages
 *    it then refuses one by one.
 * F2 One that is not done in time is a fault to come again after. What is in our feeds may be told twice.
 * F3 The addresses of documents are secrets for minutes: nothing of them is in an error.
 */

import { setTimeout as pause } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { ServiceFault } from "../../../ports/service-fault.ts";
import { faultOf } from "../../vendor-kit/vendor-faults.ts";
import { callHttp } from "../../vendor-kit/vendor-http.ts";
import { firstText, textAt } from "../../vendor-kit/vendor-json.ts";
import { type AmazonApi, type Asked, errorOf, SERVICE } from "./api.ts";

export type Feed = {
  readonly feedType: "JSON_LISTINGS_FEED" | "POST_ORDER_ACKNOWLEDGEMENT_DATA" | "UPLOAD_VAT_INVOICE";
  readonly contentType: string;
  readonly content: string | Uint8Array<ArrayBuffer>;
  /** Absent: all of the account's. */
  readonly marketplaceIds?: readonly string[];
  readonly options?: Readonly<Record<string, string>>;
};

export type FeedAnswer = { readonly feedId: string; readonly report: string };

const FEEDS = "/feeds/2021-06-30";
const FIRST_LOOK_MS = 500;
const LONGEST_LOOK_MS = 15_000;
/** Most feeds are done in less; a caller has other things to tell. */
const LONGEST_WAIT_MS = 180_000;
const MOST_REPORT_BYTES = 32 * 1024 * 1024;

export async function runFeed(api: AmazonApi, feed: Feed): Promise<FeedAnswer> {
  const document = await asked(api, {
    operation: "createFeedDocument",
    method: "POST",
    path: `${FEEDS}/documents`,
    body: { contentType: feed.contentType },
  });
  await transfer(api, "PUT", textAt(document, "url"), feed);
  const created = await asked(api, {
    operation: feed.feedType === "UPLOAD_VAT_INVOICE" ? "createInvoiceFeed" : "createFeed",
    method: "POST",
    path: `${FEEDS}/feeds`,
    body: {
      feedType: feed.feedType,
      marketplaceIds: feed.marketplaceIds ?? api.account.marketplaceIds,
      inputFeedDocumentId: textAt(document, "feedDocumentId"),
      ...(feed.options === undefined ? {} : { feedOptions: feed.options }),
    },
  });
  const feedId = textAt(created, "feedId");
  const resultId = await resultOf(api, feedId, feed.feedType);
  return { feedId, report: resultId === "" ? "" : await readReport(api, resultId) };
}

/** @returns the id of the answer's document; empty: it has none */
async function resultOf(api: AmazonApi, feedId: string, feedType: string): Promise<string> {
  const beganMs = performance.now();
  for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(LONGEST_LOOK_MS, lookMs * 2)) {
    const feed = await asked(api, {
      operation: "getFeed",
      path: `${FEEDS}/feeds/${encodeURIComponent(feedId)}`,
    });
    const status = textAt(feed, "processingStatus");
    const resultId = textAt(feed, "resultFeedDocumentId");
    if (status === "DONE") return resultId;
    if (status === "FATAL" || status === "CANCELLED") {
      throw new ServiceFault(`Amazon gave the ${feedType} ${feedId} up: ${status}`, {
        service: SERVICE,
        code: "feed_failed",
        retryable: true,
        retryAfterMs: 60_000,
      });
    }
    if (performance.now() - beganMs + lookMs > LONGEST_WAIT_MS) {
      throw new ServiceFault(`Amazon has not done the ${feedType} ${feedId} yet`, {
        service: SERVICE,
        code: "feed_under_way",
        retryable: true,
        retryAfterMs: 60_000,
      });
    }
    await pause(lookMs);
  }
}

async function readReport(api: AmazonApi, documentId: string): Promise<string> {
  const document = await asked(api, {
    operation: "getFeedDocument",
    path: `${FEEDS}/documents/${encodeURIComponent(documentId)}`,
  });
  const body = await transfer(api, "GET", textAt(document, "url"));
  const isPacked = textAt(document, "compressionAlgorithm") === "GZIP";
  const bytes = isPacked ? gunzipSync(body, { maxOutputLength: MOST_REPORT_BYTES }) : Buffer.from(body);
  return bytes.toString("utf8");
}

/** To or from the address that Amazon gave, which takes no token of ours. */
async function transfer(
  api: AmazonApi,
  method: "GET" | "PUT",
  url: string,
  feed?: Feed,
): Promise<Uint8Array> {
  if (!URL.canParse(url) || new URL(url).protocol !== new URL(api.account.endpoint).protocol) {
    throw new ServiceFault("Amazon gave no usable address for a feed's document", {
      service: SERVICE,
      code: "unavailable",
      retryable: true,
    });
  }
  const reply = await callHttp({
    service: SERVICE,
    method,
    url,
    headers: feed === undefined ? {} : { "content-type": feed.contentType },
    ...(feed === undefined ? {} : { body: feed.content }),
    timeoutMs: api.timeoutMs,
  });
  const fault = faultOf(SERVICE, "a feed's document", reply);
  if (fault?.retryable === true) throw fault;
  if (reply.status >= 300) {
    // The address was good for five minutes: the whole feed begins anew. The fault has no status: a 403 of the
    // document's store would be taken for one of the account.
    throw new ServiceFault(`Amazon answered a feed's document with ${reply.status}`, {
      service: SERVICE,
      code: "unavailable",
      retryable: true,
    });
  }
  return reply.body;
}

async function asked(api: AmazonApi, request: Asked): Promise<unknown> {
  const reply = await api.ask(request);
  if (reply.status >= 200 && reply.status < 300) return reply.json;
  const { code, message } = errorOf(reply);
  throw new ServiceFault(`Amazon refused ${request.operation}: ${code}: ${message}`, {
    service: SERVICE,
    code: "request_refused",
    retryable: false,
    status: reply.status,
  });
}

/** What a report in XML, as order feeds have it, says is wrong; null: nothing. */
export function errorInXmlReport(report: string): { readonly code: string; readonly message: string } | null {
  const result = /<Result>(?:(?!<\/Result>)[\s\S])*<ResultCode>Error<\/ResultCode>[\s\S]*?<\/Result>/.exec(
    report,
  );
  if (result === null) return null;
  const text = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(result[0])?.[1]?.trim() ?? "";
  return {
    code: firstText(text("ResultMessageCode"), "feed_error"),
    message: firstText(text("ResultDescription").slice(0, 500), "Amazon refused the message."),
  };
}

/**
 * What a report in lines with tabs, as older feeds have it, says is wrong; null: nothing.
 *
 * A report that counts a record as not taken, without a word of why, is wrong all the same.
 */
export function errorInTextReport(
  report: string,
): { readonly code: string; readonly message: string } | null {
  const rows = report.split(/\r?\n/).map((row) => row.split("\t").map((cell) => cell.trim()));
  const head = rows.find((row) => row.includes("error-code")) ?? [];
  const cell = (row: readonly string[], name: string) => row[head.indexOf(name)] ?? "";
  const wrong = rows.find((row) => row !== head && cell(row, "error-type").toLowerCase() === "error");
  if (wrong !== undefined)
    return {
      code: firstText(cell(wrong, "error-code"), "feed_error"),
      message: firstText(cell(wrong, "error-message").slice(0, 500), "Amazon refused the document."),
    };
  const count = (name: string) => Number(rows.find((row) => row.includes(name))?.at(-1) ?? "");
  return count("Number of records successful") < count("Number of records processed")
    ? { code: "feed_error", message: "Amazon has not taken the document, and does not say why." }
    : null;
}
