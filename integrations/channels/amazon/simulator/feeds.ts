/**
 * The simulated feeds: documents are uploaded to addresses that are good once, processed at the second look,
 * and answered with a report, packed as Amazon packs it.
 */
import { gzipSync } from "node:zlib";
import { jsonReply, type SimulatedReply, type SimulatedRequest } from "../../../simulator-kit/exchange.ts";
import { type ShopBooks, totalOf } from "../../../simulator-kit/shop-books.ts";
import { countAt, listAt, objectAt, parseJson, textAt } from "../../../vendor-kit/vendor-json.ts";
import { TAKES_INVOICES } from "../marketplaces.ts";
import { bookIdOf, marketplaceOf, SELLER } from "./documents.ts";

type StoredFeed = {
  readonly id: string;
  readonly type: string;
  readonly content: Buffer;
  readonly marketplaces: readonly string[];
  /** By names in small letters: Amazon takes them in either. */
  readonly options: ReadonlyMap<string, string>;
  readonly createdMs: number;
  looks: number;
  report: string | null;
};

const TYPES: readonly string[] = [
  "JSON_LISTINGS_FEED",
  "POST_ORDER_ACKNOWLEDGEMENT_DATA",
  "UPLOAD_VAT_INVOICE",
];

/** An invoice as Amazon has it. */
export type UploadedInvoice = {
  readonly externalId: string;
  readonly number: string;
  readonly total: string;
  readonly tax: string;
  readonly pdf: Buffer;
  /** How often it came. */
  readonly times: number;
};

export class SimulatedFeeds {
  /** By their orders and numbers. */
  readonly invoices = new Map<string, UploadedInvoice>();
  /** The account has Amazon make its invoices. */
  makesInvoices = false;
  /** The application lacks the role for invoices. */
  deniesInvoices = false;
  private readonly documents = new Map<string, Buffer | null>();
  private readonly feeds = new Map<string, StoredFeed>();
  private readonly books: ShopBooks;
  private readonly now: () => number;
  private lastId = 0;

  constructor(books: ShopBooks, now: () => number) {
    this.books = books;
    this.now = now;
  }

  private nextId(kind: string): string {
    this.lastId += 1;
    return `${kind}${String(this.lastId).padStart(6, "0")}`;
  }

  createDocument(request: SimulatedRequest): SimulatedReply {
    if (textAt(bodyOf(request), "contentType") === "") return invalid("contentType is missing");
    const feedDocumentId = this.nextId("amzn1.tortuga.4.na.");
    this.documents.set(feedDocumentId, null);
    return jsonReply(201, { feedDocumentId, url: `${request.origin}/_documents/${feedDocumentId}` });
  }

  /** Storage that knows nothing of sellers. */
  store(request: SimulatedRequest): SimulatedReply {
    const id = request.path.slice("/_documents/".length);
    if (request.method === "GET") {
      const feed = this.feeds.get(id.replace(/^report-/, ""));
      if (feed?.report == null) return { status: 404, contentType: "text/plain", body: "" };
      return { status: 200, contentType: "application/octet-stream", body: gzipSync(feed.report) };
    }
    if (!this.documents.has(id)) return { status: 403, contentType: "text/plain", body: "" };
    this.documents.set(id, request.body);
    return { status: 200, contentType: "text/plain", body: "" };
  }

  create(request: SimulatedRequest): SimulatedReply {
    const body = bodyOf(request);
    const type = textAt(body, "feedType");
    const content = this.documents.get(textAt(body, "inputFeedDocumentId"));
    if (this.deniesInvoices && type === "UPLOAD_VAT_INVOICE")
      return jsonReply(403, {
        errors: [{ code: "Unauthorized", message: "Access to the resource is forbidden", details: "" }],
      });
    if (!TYPES.includes(type)) return invalid(`There is no feed type ${type}`);
    if (content == null) return invalid("inputFeedDocumentId names no uploaded document");
    if (listAt(body, "marketplaceIds").length === 0) return invalid("marketplaceIds is empty");
    const id = this.nextId("");
    const options = Object.entries(objectAt(body, "feedOptions") ?? {}).map(
      ([name, value]) => [name.toLowerCase(), String(value)] as const,
    );
    this.feeds.set(id, {
      id,
      type,
      content,
      marketplaces: listAt(body, "marketplaceIds").map(String),
      options: new Map(options),
      createdMs: this.now(),
      looks: 0,
      report: null,
    });
    return jsonReply(202, { feedId: id });
  }

  look(id: string): SimulatedReply {
    const feed = this.feeds.get(id);
    if (feed === undefined) return notFound(`There is no feed ${id}`);
    feed.looks += 1;
    if (feed.looks > 1) feed.report ??= this.process(feed);
    return jsonReply(200, {
      feedId: feed.id,
      feedType: feed.type,
      marketplaceIds: feed.marketplaces,
      createdTime: new Date(feed.createdMs).toISOString(),
      processingStatus: feed.report === null ? "IN_PROGRESS" : "DONE",
      ...(feed.report === null ? {} : { resultFeedDocumentId: `report-${feed.id}` }),
    });
  }

  describeReport(id: string, origin: string): SimulatedReply {
    if (!this.feeds.has(id.replace(/^report-/, ""))) return notFound(`There is no document ${id}`);
    return jsonReply(200, {
      feedDocumentId: id,
      url: `${origin}/_documents/${id}`,
      compressionAlgorithm: "GZIP",
    });
  }

  private process(feed: StoredFeed): string {
    switch (feed.type) {
      case "JSON_LISTINGS_FEED":
        return this.takeListings(feed);
      case "UPLOAD_VAT_INVOICE":
        return textReport(this.takeInvoice(feed));
      default:
        return this.takeAcknowledgement(feed.content.toString("utf8"));
    }
  }

  /** @returns what is wrong with it, in Amazon's codes; null: it is there now */
  private takeInvoice(feed: StoredFeed): readonly [code: string, message: string] | null {
    const option = (name: string) => feed.options.get(`metadata:${name}`) ?? "";
    const [marketplace = "", ...others] = feed.marketplaces;
    if (others.length > 0 || !TAKES_INVOICES.has(marketplace))
      return ["79523", "Please provide only one valid marketplace while uploading an invoice."];
    const wanted = ["orderid", "invoicenumber", "totalamount", "totalvatamount"];
    const missing = wanted.filter((name) => option(name) === "");
    if (missing.length > 0)
      return ["79513", `Please provide ${missing.map((name) => `metadata:${name}`).join(",")}`];
    const externalId = option("orderid");
    const number = option("invoicenumber");
    const of = `for shipmentId N/A, orderId ${externalId} and InvoiceNumber ${number}`;
    if (option("documenttype") !== "Invoice")
      return ["79531", `The document type ${option("documenttype")} is not supported`];
    if (feed.content.subarray(0, 5).toString("latin1") !== "%PDF-")
      return ["79503", `Invoice uploaded is not pdf ${of}`];
    if (this.makesInvoices)
      return ["79525", `Amazon will generate invoice for shipmentId N/A, orderId ${externalId}`];
    const order = this.books.find(bookIdOf(externalId) ?? "");
    if (order === undefined || order.parcels.length === 0 || marketplaceOf(order) !== marketplace)
      return ["79517", `The order id ${externalId} is invalid`];
    const [total, tax] = [option("totalamount"), option("totalvatamount")];
    const isAmount = (text: string) => /^\d+\.\d\d$/.test(text);
    if (
      !isAmount(total) ||
      !isAmount(tax) ||
      Number(total) > totalOf(order) / 100 ||
      Number(tax) > Number(total)
    )
      return ["79520", `The amounts ${total} and ${tax} do not match the shipment ${of}`];
    const key = `${externalId} ${number}`;
    const times = (this.invoices.get(key)?.times ?? 0) + 1;
    this.invoices.set(key, { externalId, number, total, tax, pdf: feed.content, times });
    return null;
  }

  private takeListings(feed: StoredFeed): string {
    const messages = listAt(parseJson(feed.content.toString("utf8")), "messages");
    const issues = messages.flatMap((message) => {
      const sku = textAt(message, "sku");
      const wrong = quantityProblem(message) ?? (this.books.listing(sku) === undefined ? UNKNOWN : null);
      if (wrong !== null) {
        const { code, text } = wrong;
        return [{ messageId: countAt(message, "messageId"), sku, code, severity: "ERROR", message: text }];
      }
      this.books.setStock(sku, quantityIn(message));
      return [];
    });
    return JSON.stringify({
      header: { sellerId: SELLER, version: "2.0", feedId: feed.id },
      issues,
      summary: {
        errors: issues.length,
        warnings: 0,
        messagesProcessed: messages.length,
        messagesAccepted: messages.length - issues.length,
        messagesInvalid: issues.length,
      },
    });
  }

  private takeAcknowledgement(content: string): string {
    const text = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(content)?.[1] ?? "";
    const order = this.books.find(bookIdOf(text("AmazonOrderID")) ?? "");
    if (order === undefined) return xmlReport("18028", "The order is not the seller's.");
    if (text("StatusCode") === "Success") {
      order.extra.set("alias", text("MerchantOrderID"));
      this.books.changed(order, "updated");
      return xmlReport(null, "");
    }
    if (!/<CancelReason>[A-Za-z]+<\/CancelReason>/.test(content)) {
      return xmlReport("18310", "An item that is not delivered needs a reason.");
    }
    return order.isCancelled || this.books.cancel(order.id)
      ? xmlReport(null, "")
      : xmlReport("18320", "The order has been shipped and cannot be cancelled.");
  }
}

const UNKNOWN = { code: "13013", text: "The SKU does not exist among the seller's listings." };

/** What is wrong with a message that sets a quantity; null: nothing. */
export function quantityProblem(message: unknown): { readonly code: string; readonly text: string } | null {
  const [patch] = listAt(message, "patches");
  const [value] = listAt(patch, "value");
  if (textAt(patch, "path") !== "/attributes/fulfillment_availability")
    return { code: "4000001", text: "Only fulfillment_availability is known here." };
  if (textAt(value, "fulfillment_channel_code") === "") {
    const text =
      "'fulfillment_channel_code' does not have enough values. The required minimum is '1' value(s).";
    return { code: "99022", text };
  }
  if (!(quantityIn(message) >= 0)) return { code: "99022", text: "'quantity' is not a whole number." };
  return null;
}

export function quantityIn(message: unknown): number {
  return countAt(listAt(listAt(message, "patches")[0], "value")[0], "quantity");
}

function xmlReport(code: string | null, description: string): string {
  const errors = code === null ? 0 : 1;
  const result =
    code === null
      ? ""
      : `<Result><MessageID>1</MessageID><ResultCode>Error</ResultCode><ResultMessageCode>${code}</ResultMessageCode><ResultDescription>${description}</ResultDescription></Result>`;
  return `<?xml version="1.0" encoding="UTF-8"?>
<AmazonEnvelope><Header><DocumentVersion>1.02</DocumentVersion><MerchantIdentifier>${SELLER}</MerchantIdentifier></Header><MessageType>ProcessingReport</MessageType><Message><MessageID>1</MessageID><ProcessingReport><StatusCode>Complete</StatusCode><ProcessingSummary><MessagesProcessed>1</MessagesProcessed><MessagesSuccessful>${1 - errors}</MessagesSuccessful><MessagesWithError>${errors}</MessagesWithError><MessagesWithWarning>0</MessagesWithWarning></ProcessingSummary>${result}</ProcessingReport></Message></AmazonEnvelope>`;
}

function textReport(wrong: readonly [code: string, message: string] | null): string {
  const rows = [
    "Feed Processing Summary:",
    "\tNumber of records processed\t\t1",
    `\tNumber of records successful\t\t${wrong === null ? 1 : 0}`,
    "",
    ...(wrong === null
      ? []
      : [
          "original-record-number\tsku\terror-code\terror-type\terror-message",
          `1\t\t${wrong[0]}\tError\t${wrong[1]}`,
        ]),
  ];
  return `${rows.join("\n")}\n`;
}

export function bodyOf(request: SimulatedRequest): unknown {
  try {
    return parseJson(request.body.toString("utf8"));
  } catch {
    return undefined;
  }
}

export function invalid(message: string): SimulatedReply {
  return jsonReply(400, { errors: [{ code: "InvalidInput", message, details: "" }] });
}

export function notFound(message: string): SimulatedReply {
  return jsonReply(404, { errors: [{ code: "NotFound", message, details: "" }] });
}
