import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { createEasypostCarrier } from "./carrier.ts";

const secret = "sécret"; // Composed é: EasyPost signs with the decomposed form.
const carrier = createEasypostCarrier({
  baseUrl: "http://127.0.0.1:1",
  apiKey: "EZTKtest",
  webhookSecret: secret,
});

const scan = (status: string, datetime: string, city = "RENO") => ({
  object: "TrackingDetail",
  message: `Message of ${status}`,
  status,
  datetime,
  source: "UPS",
  tracking_location: { object: "TrackingLocation", city, state: "NV", country: "US", zip: "89506" },
});

const event = (details: readonly unknown[], status: string, description = "tracker.updated") =>
  Buffer.from(
    JSON.stringify({
      id: "evt_1",
      object: "Event",
      description,
      created_at: "2026-11-23T10:00:00Z",
      result: {
        id: "trk_1",
        object: "Tracker",
        tracking_code: "1Z999AA10123456784",
        status,
        status_detail: "status_update",
        updated_at: "2026-11-23T10:00:00Z",
        tracking_details: details,
      },
    }),
  );

const signed = (body: Buffer, header = "x-hmac-signature") => ({
  [header]: `hmac-sha256-hex=${createHmac("sha256", "se\u0301cret").update(body).digest("hex")}`,
});

const read = (body: Buffer) => carrier.readTrackingWebhook(signed(body), body);

describe("a tracking webhook", () => {
  const body = event(
    [scan("pre_transit", "2026-11-23T09:00:00Z"), scan("in_transit", "2026-11-23T09:30:00Z")],
    "in_transit",
  );

  it("loses no report to text that the store cannot hold", () => {
    const odd = { ...scan("in_transit", "2026-11-23T09:30:00Z", "RE\ud83dNO"), message: "a\0b" };
    expect(read(event([odd], "in_transit"))).toMatchObject([
      { message: "a\uFFFDb", place: expect.stringContaining("RE\uFFFDNO") },
    ]);
  });

  it("loses no report to another whose moment no store can hold", () => {
    const details = ["+275760-09-13T00:00:00.000Z", "-000001-01-01T00:00:00Z", "soon"].map((datetime) =>
      scan("in_transit", datetime),
    );
    const sound = scan("delivered", "2026-11-23T09:30:00Z");
    expect(read(event([...details, sound], "delivered"))).toMatchObject([{ status: "delivered" }]);
  });

  it("is read into one report a scan", () => {
    expect(read(body)).toEqual([
      expect.objectContaining({ status: "pre_transit", at: "2026-11-23T09:00:00.000Z" }),
      {
        reportId: expect.stringMatching(/^[0-9a-f]{32}$/),
        trackingNumber: "1Z999AA10123456784",
        status: "in_transit",
        message: "Message of in_transit",
        at: "2026-11-23T09:30:00.000Z",
        place: "RENO, NV, US",
      },
    ]);
  });

  it("is refused with a signature over other bytes, a signature of another form, or none", () => {
    const other = event([], "delivered");
    expect(carrier.readTrackingWebhook(signed(other), body)).toBeNull();
    const { "x-hmac-signature": signature = "" } = signed(body);
    expect(carrier.readTrackingWebhook({ "x-hmac-signature": signature.slice(16) }, body)).toBeNull();
    expect(carrier.readTrackingWebhook({ "x-hmac-signature": "" }, body)).toBeNull();
    expect(carrier.readTrackingWebhook({}, body)).toBeNull();
  });

  it("is accepted whatever the case of the header's name", () => {
    expect(carrier.readTrackingWebhook(signed(body, "X-Hmac-Signature"), body)).toHaveLength(2);
  });

  it("gives a scan the same id when a later event repeats it", () => {
    const later = event(
      [
        scan("pre_transit", "2026-11-23T09:00:00Z"),
        scan("in_transit", "2026-11-23T09:30:00Z"),
        scan("delivered", "2026-11-23T12:00:00Z"),
      ],
      "delivered",
    );
    const before = read(body)?.map(({ reportId }) => reportId) ?? [];
    const after = read(later)?.map(({ reportId }) => reportId) ?? [];
    expect(after.slice(0, 2)).toEqual(before);
    expect(new Set(after).size).toBe(3);
  });

  it("adds the tracker's own state where no scan says it", () => {
    const reports = read(event([scan("in_transit", "2026-11-23T09:30:00Z")], "delivered"));
    expect(reports?.at(-1)).toEqual({
      reportId: "evt_1",
      trackingNumber: "1Z999AA10123456784",
      status: "delivered",
      message: "status_update",
      at: "2026-11-23T10:00:00.000Z",
      place: "",
    });
  });

  it("of another kind, or not JSON, has nothing to report", () => {
    expect(read(event([scan("delivered", "2026-11-23T09:30:00Z")], "delivered", "batch.created"))).toEqual(
      [],
    );
    expect(read(Buffer.from("not json"))).toEqual([]);
    expect(read(event([scan("delivered", "no date")], "unknown"))).toEqual([]);
  });
});
